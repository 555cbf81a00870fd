// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
)

// clone lets the source read a clone of its repository, whose objects are files.
func (w *world) cloned(options ...string) (origin string) {
	w.t.Helper()
	origin = w.repo
	w.run("git", "config", "uploadpack.allowFilter", "true")
	folder := filepath.Join(w.t.TempDir(), "clone")
	w.run("git", append(append([]string{"clone", "-q"}, options...), "file://"+origin, folder)...)
	w.repo, w.cfg.Sources[0].Repository = folder, folder
	w.run("sh", "-c", "mv .git/objects/pack . && mkdir .git/objects/pack && cat pack/*.pack | git unpack-objects -q && rm -rf pack")
	return origin
}

// object is the file of an object.
func (w *world) object(name string) string {
	id := strings.TrimSpace(w.run("git", "rev-parse", name))
	return filepath.Join(w.repo, ".git/objects", id[:2], id[2:])
}

// lostObject damages an object of a clone, and then follows the advice of git fsck and of
// relay-sync.
func lostObject(name string, damage func(w *world, path string)) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.cloned()
		path := w.object(name)
		damage(w, path)
		return func() {
			fsck := exec.Command("git", "-C", w.repo, "fsck")
			if out, err := fsck.CombinedOutput(); err == nil {
				w.t.Errorf("git fsck reports nothing: %s", out)
			}
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				w.t.Fatal(err)
			}
			w.run("git", "fetch", "-q", "--refetch", "--no-filter")
		}
	}
}

// replaced replaces the file of an object by that of another one.
func replaced(w *world, path string) {
	w.run("cp", "-f", w.object("HEAD:two.yaml"), path)
}

// entry commits a file of another kind, and then a good one.
func entry(bad, good func(w *world)) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		bad(w)
		w.commit()
		return func() {
			good(w)
			w.commit()
		}
	}
}

// signed lets the source verify commits by keys, and then signs one by the same keys or
// others.
func signedBy(bad, good func(w *world, ada ssh.Signer)) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		ada, _ := gittest.NewSSHKey(w.t, filepath.Join(w.t.TempDir(), "ada"))
		w.allow("ada@example.com " + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
		w.sign(ada)
		bad(w, ada)
		return func() { good(w, ada) }
	}
}

func (w *world) allow(signers string) {
	w.cfg.Sources[0].Verify.SSHAllowedSigners = write(w.t, w.t.TempDir(), "allowed_signers", signers)
}

// openPGP makes a key, which may have expired.
func openPGP(w *world, expired bool) *openpgp.Entity {
	how := &packet.Config{Time: func() time.Time { return time.Now().Add(-48 * time.Hour) }}
	if expired {
		how.KeyLifetimeSecs = uint32((24 * time.Hour).Seconds())
	}
	key, err := openpgp.NewEntity("ada", "", "ada@example.com", how)
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

// signOpenPGP replaces the newest commit with the same one, signed as gpg does.
func (w *world) signOpenPGP(key *openpgp.Entity, at time.Time) {
	w.t.Helper()
	commit := w.run("git", "cat-file", "commit", "main")
	var signature bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&signature, key, strings.NewReader(commit), &packet.Config{Time: func() time.Time { return at }}); err != nil {
		w.t.Fatal(err)
	}
	header, message, _ := strings.Cut(commit, "\n\n")
	signed := header + "\ngpgsig " + strings.ReplaceAll(strings.TrimSpace(signature.String()), "\n", "\n ") + "\n\n" + message
	cmd := exec.CommandContext(w.t.Context(), "git", "-C", w.repo, "hash-object", "-t", "commit", "-w", "--stdin")
	cmd.Stdin = strings.NewReader(signed)
	id, err := cmd.Output()
	if err != nil {
		w.t.Fatal(err)
	}
	w.run("git", "update-ref", "refs/heads/main", strings.TrimSpace(string(id)))
}

func (w *world) openPGPKeys(armored string) {
	w.cfg.Sources[0].Verify.OpenPGPKeys = []string{write(w.t, w.t.TempDir(), "keys.asc", armored)}
}

var repositoryAdvice = []advice{
	{message: "find the git command: %w. Hint: install git", test: "advice_sources.txt"},
	{message: "unsupported version %d.%d. Hint: install git", test: "advice_sources.txt"},
	{message: "timed out: no answer within", test: "TestGitThatDoesNotAnswerIsAnError"},
	{message: "write it after the pattern whose files it excludes", test: "advice_sources.txt"},
	{message: "alternatives together; write several patterns", test: "advice_sources.txt"},
	{message: "the content does not match the id of object", begin: lostObject("HEAD:one.yaml", replaced)},
	{message: "is missing or damaged; delete what git fsck reports", test: "TestReadReportsFileDeletedAfterListing"},
	{message: "has no readable content in this repository", begin: func(w *world) func() {
		w.two()
		w.cloned("--filter=blob:none", "--no-checkout")
		return func() { w.run("git", "fetch", "-q", "--refetch", "--no-filter") }
	}},
	{message: "has no readable content in this repository (object", begin: func(w *world) func() {
		w.two()
		origin := w.cloned()
		w.run("rm", "-f", w.object("HEAD:one.yaml"))
		return func() {
			w.clone(origin, w.repo+"-again")
			w.cfg.Sources[0].Repository = w.repo
		}
	}},
	{message: "read the object: %s; delete what git fsck reports", begin: lostObject("HEAD:one.yaml", func(w *world, path string) {
		w.run("truncate", "-s", "-1", path)
	})},
	{message: "set the top folder of a work tree", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Repository = w.t.TempDir()
		return func() { w.cfg.Sources[0].Repository = w.repo }
	}},
	{message: "or a bare repository", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Repository = w.t.TempDir()
		return func() {
			bare := filepath.Join(w.t.TempDir(), "bare")
			w.run("git", "clone", "-q", "--bare", w.repo, bare)
			w.cfg.Sources[0].Repository = bare
		}
	}},
	{message: "is a symbolic link, which is not followed; commit the file itself", begin: entry(
		func(w *world) { w.run("mv", "two.yaml", "file"); w.run("ln", "-s", "file", "two.yaml") },
		func(w *world) { w.run("mv", "file", "two.yaml") })},
	{message: "is a submodule, which is not entered", begin: func(w *world) func() {
		w.two()
		part := filepath.Join(w.repo, "part.yaml")
		w.run("git", "init", "-q", "-b", "main", part)
		w.seal("part.yaml/three.yaml", "workflows:\n  "+w.workflow(1)+":\n    three: value\n")
		w.run("git", "-C", part, "add", "-A")
		w.run("git", "-C", part, "commit", "-q", "-m", "part")
		w.commit()
		return func() {
			own := w.cfg.Sources[0]
			own.Name, own.Repository = "part", part
			w.cfg.Sources[0].Files = append(w.cfg.Sources[0].Files, "!part.yaml")
			w.cfg.Sources = append(w.cfg.Sources, own)
		}
	}},
	{message: "has an invalid name: not UTF-8, not printable", begin: entry(
		func(w *world) { w.run("mv", "two.yaml", "two\x01.yaml") },
		func(w *world) { w.run("git", "mv", "two\x01.yaml", "two.yaml") })},
	{message: "use a smaller repository for secrets", test: "TestFilesIsBounded"},

	{message: "certificates are not supported (cert-authority); list the keys themselves", begin: signedBy(
		func(w *world, ada ssh.Signer) {
			w.allow("ada@example.com cert-authority " + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
		},
		func(w *world, ada ssh.Signer) {
			w.allow("ada@example.com " + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
		})},
	{message: "is not valid now according to %s; sign a new commit with a valid key", begin: signedBy(
		func(w *world, ada ssh.Signer) {
			w.allow(`ada@example.com valid-before="20200101" ` + string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
		},
		func(w *world, _ ssh.Signer) {
			bob, _ := gittest.NewSSHKey(w.t, filepath.Join(w.t.TempDir(), "bob"))
			w.allow("bob@example.com " + string(ssh.MarshalAuthorizedKey(bob.PublicKey())))
			w.run("git", "commit", "-q", "--allow-empty", "-m", "signed again")
			w.sign(bob)
		})},
	{message: "contains a private key; export only the public key", begin: func(w *world) func() {
		key := openPGP(w, false)
		w.one()
		w.signOpenPGP(key, time.Now())
		w.openPGPKeys(exported(w, openpgp.PrivateKeyType, func(out io.Writer) error { return key.SerializePrivate(out, nil) }))
		return func() { w.openPGPKeys(exported(w, openpgp.PublicKeyType, key.Serialize)) }
	}},
	{message: "or its signature has expired; sign a new commit with a valid key", begin: func(w *world) func() {
		old, valid := openPGP(w, true), openPGP(w, false)
		w.one()
		w.signOpenPGP(old, time.Now().Add(-47*time.Hour))
		both := exported(w, openpgp.PublicKeyType, func(out io.Writer) error {
			if err := old.Serialize(out); err != nil {
				return err
			}
			return valid.Serialize(out)
		})
		w.openPGPKeys(both)
		return func() {
			w.run("git", "commit", "-q", "--allow-empty", "-m", "signed again")
			w.signOpenPGP(valid, time.Now())
		}
	}},
}
