// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sign replaces the newest commit with the same one, signed.
func (w *world) sign(signer ssh.Signer) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "git", "-C", w.repo, "hash-object", "-t", "commit", "-w", "--stdin")
	cmd.Stdin = strings.NewReader(gittest.SignSSH(w.t, signer, w.run("git", "cat-file", "commit", "main")))
	id, err := cmd.Output()
	if err != nil {
		w.t.Fatal(err)
	}
	w.run("git", "update-ref", "refs/heads/main", strings.TrimSpace(string(id)))
}

func TestOnlyWhatIsSignedIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	keys := t.TempDir()
	ada, _ := gittest.NewSSHKey(t, filepath.Join(keys, "ada"))
	eve, _ := gittest.NewSSHKey(t, filepath.Join(keys, "eve"))
	list := func(signer ssh.Signer) string {
		return write(t, keys, "allowed_signers", "ada@example.com "+string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	}
	w.cfg.Sources[0].Verify.SSHAllowedSigners = list(ada)
	refused := func(is error, want string) {
		t.Helper()
		w.proxy.Reset()
		rep := w.sync(true)
		if !errors.Is(rep.Err, is) || !strings.Contains(rep.Err.Error(), want) || len(w.proxy.Requests()) > 0 {
			t.Errorf("got %v, and %d requests to Vault; want %q", rep.Err, len(w.proxy.Requests()), want)
		}
		if _, err := New(w.cfg, "test").Verify(t.Context(), nil); !errors.Is(err, is) {
			t.Errorf("verify: %v", err)
		}
	}
	accepted := func() {
		t.Helper()
		if rep := w.sync(true); rep.Outcome() != report.Clean {
			t.Fatalf("the sync:\n%s", w.text())
		}
	}
	w.put("one")
	refused(signature.ErrUnsigned, "of main is not applied: not signed")
	w.sign(eve)
	refused(signature.ErrUntrusted, "SSH key "+ssh.FingerprintSHA256(eve.PublicKey()))
	w.run("git", "commit", "-q", "--amend", "-m", "without eve")
	w.sign(ada)
	accepted()
	w.wantRead(w.workflow(0), "token", "one")
	if !strings.Contains(w.text(), "signed by ada@example.com (SSH key ") {
		t.Errorf("the report does not say who signed:\n%s", w.text())
	}

	w.put("two") // on top of a signed one
	refused(signature.ErrUnsigned, "not signed")
	w.cfg.Sources[0].Branch, w.cfg.Sources[0].Tag = "", "v1"
	w.run("git", "tag", "v1") // lightweight
	refused(signature.ErrUnsigned, "commit ")
	w.run("git", "tag", "-f", "-a", "-m", "not signed", "v1", "main~1") // of a signed commit
	refused(signature.ErrUnsigned, "the tag object of tag v1 is not applied")
	w.run("git", "tag", "-f", "v1", "main~1")
	accepted()
	w.cfg.Sources[0].Verify.SSHAllowedSigners = list(eve) // ada's key is revoked
	refused(signature.ErrUntrusted, "is not in")
}

// A signature covers the tree below a commit by its hashes, and git checks them only when an object arrives.
func TestReplacedTreeBelowASignedCommitIsNotApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	ada, _ := gittest.NewSSHKey(t, filepath.Join(t.TempDir(), "ada"))
	w.allow("ada@example.com " + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
	w.cfg.Sources[0].Files = []string{"**/*.yaml"}
	w.run("mkdir", "-p", w.repo+"/secrets")
	seal := func(value string) {
		w.seal("secrets/a.yaml", "workflows:\n  "+w.workflow(0)+":\n    token: "+value+"\n")
		w.commit()
	}
	seal("evil")
	evil := w.object("HEAD:secrets")
	seal("one")
	w.sign(ada)
	w.run("cp", "-f", evil, w.object("HEAD:secrets"))

	rep := w.sync(true)
	if !errors.Is(rep.Err, gitsource.ErrDamaged) || !strings.Contains(rep.Err.Error(), "does not match the id of object") {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.gone(w.workflow(0), "token")
}

// Another repository has commits that ada signed, too: a file with a new secret, and one
// that no key of this source opens under the name of a file of this one.
func TestSignedCommitOfAnotherRepositoryWaitsForApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	ada, _ := gittest.NewSSHKey(t, filepath.Join(t.TempDir(), "ada"))
	w.allow("ada@example.com " + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
	w.cfg.Sources[0].History = ""
	w.cfg.SetDefaults("/")
	w.secretsIn("app.yaml", w.workflow(0), "token")
	w.commit()
	w.sign(ada)
	if rep := w.sync(true); rep.Outcome() != report.Clean {
		t.Fatalf("the sync:\n%s", w.text())
	}
	w.run("sh", "-c", "rm -rf .git app.yaml && git init -q -b main")
	w.writes()
	for _, app := range []string{"", "not: a manifest\n"} {
		if app != "" {
			write(t, w.repo, "app.yaml", app)
		}
		w.secretsIn("new.yaml", w.workflow(0), "new")
		w.commit()
		w.sign(ada)
		w.sync(true)
		if got := w.writes(); got > 0 || !strings.Contains(w.text(), "it is unknown whether this commit descends from") {
			t.Errorf("%d writes:\n%s", got, w.text())
		}
	}
	w.live(w.workflow(0), "token")
	w.gone(w.workflow(0), "new")
}
