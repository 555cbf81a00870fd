// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	agekey "filippo.io/age" // pages.go has a function age

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// daemonWorld is a page with a daemon, which follows the source "shop": a repository with
// manifests in secrets/ and the file of the workflow in flows/.
type daemonWorld struct {
	*world
	daemon *syncer.Controller
	cfg    *config.Config
	repo   string
	key    *agekey.X25519Identity
}

func newDaemonWorld(t *testing.T) *daemonWorld {
	t.Helper()
	dir, err := os.MkdirTemp("", "web") //nolint:usetesting // short: the path of a socket has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	w := &daemonWorld{world: newWorld(t, func(c *config.Web) { c.Daemon.Socket = socket }), repo: t.TempDir()}
	if w.key, err = agekey.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	w.git(t, "init", "-q", "-b", "main")
	w.file(t, "flows/"+w.workflow+".yaml", "steps: []\n")
	w.configure(t)
	w.daemon = syncer.New(w.cfg, "test")
	if w.daemon.Audit, err = syncer.OpenAudit("", "test", auditfile.Streams{}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.daemon.CommandHandler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return w
}

func (w *daemonWorld) configure(t *testing.T) {
	t.Helper()
	secretsDir := t.TempDir()
	controller := "c" + w.workflow[len(w.workflow)-10:]
	w.cfg = &config.Config{
		Controller: controller,
		Vault: config.Vault{
			Address: w.proxy.Address, Mount: "customers", Prefix: "workflows", Domain: w.domain, Settle: 100 * time.Millisecond,
			TokenFile: filepath.Join(secretsDir, "token"),
		},
		Sources: []config.Source{{
			Name: "shop", Repository: w.repo, Branch: "main", Files: []string{"secrets/*.yaml"}, WorkflowFiles: []string{"flows/*"},
			Workflows: []string{w.workflow}, AgeKeys: []string{filepath.Join(secretsDir, "age.key")}, Drift: plan.ReportOnly,
		}},
	}
	w.cfg.SetDefaults("/")
	token := w.Token(t, w.rules(t, policy.Controller, func(g *policy.Grant) { g.Controller = controller }))
	for name, content := range map[string]string{"token": token, "age.key": w.key.String()} {
		if err := os.WriteFile(filepath.Join(secretsDir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run commits, starts the daemon, and waits until it has applied what it may. It stops with
// the test.
func (w *daemonWorld) run(t *testing.T) {
	t.Helper()
	w.commit(t)
	if _, err := w.daemon.OpenHooks(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		w.daemon.Run(ctx, slog.New(slog.NewTextHandler(w.log, nil)))
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	w.syncNow(t)
}

// file writes a file of the repository.
func (w *daemonWorld) file(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(w.repo, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// manifest writes an encrypted manifest with secrets of the workflow.
func (w *daemonWorld) manifest(t *testing.T, name string, secrets ...string) {
	t.Helper()
	text := "workflows:\n  " + w.workflow + ":"
	for _, secret := range secrets {
		text += "\n    " + secret + ": of git"
	}
	if len(secrets) == 0 {
		text += " {}"
	}
	w.file(t, name, text+"\n")
	w.command(t, tools.Path(t, "sops"), "encrypt", "--in-place", name)
}

// sync commits, and waits until the daemon has applied what it may.
func (w *daemonWorld) sync(t *testing.T) {
	t.Helper()
	w.commit(t)
	w.syncNow(t)
}

func (w *daemonWorld) commit(t *testing.T) {
	t.Helper()
	w.git(t, "add", "-A")
	w.git(t, "commit", "-q", "--allow-empty", "-m", "change")
}

func (w *daemonWorld) syncNow(t *testing.T) {
	t.Helper()
	if _, err := w.daemon.SyncNow(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func (w *daemonWorld) git(t *testing.T, args ...string) string { return w.command(t, "git", args...) }

func (w *daemonWorld) command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = w.repo
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.repo, "SOPS_AGE_RECIPIENTS=" + w.key.Recipient().String(),
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestMissingSecretsAreFilledIn: the page shows which steps use what, and what none uses.
func TestMissingSecretsAreFilledIn(t *testing.T) {
	t.Parallel()
	w := newDaemonWorld(t)
	w.manifest(t, "secrets/a.yaml", "used", "unused")
	w.file(t, "flows/"+w.workflow+".yaml", `steps:
- name: build
  spec:
    token: !Secret used
    password: ${secrets.db_password}
    maybe: ${coalesce(secrets.optional, 'x')}
    cloud: !Connection [aws, prod]
- name: release
  spec: {password: !Secret db_password}
`)
	w.run(t)
	tab := w.openAs(t, policy.Operator)
	flow := "flows/" + w.workflow + ".yaml"
	wantText(t, tab, "1 secret is missing", "Fill in missing secrets:", "Add optional (optional: the steps run without it)",
		"step build", "token · "+flow+":4", "no step", "secrets/a.yaml at "+w.git(t, "rev-parse", "main")[:8], "aws prod")
	tab.AssertAccessible()
	tab.Follow("link", "Add db_password")
	if got := tab.Value("Name"); got != "db_password" {
		t.Errorf("the form has the name %q", got)
	}
	tab.Fill("Value", "filled in")
	tab.Follow("button", "Add secret")
	wantText(t, tab, "Added db_password.", "Optional secrets are missing", "step release", fmt.Sprintf("password · %s:9", flow))
	w.wantRead(t, "db_password", "filled in")

	tab.Open(w.url + "/workflows")
	wantText(t, tab, w.workflow, "shop")
	tab.AssertAccessible()
	w.proxy.AssertBlind(t)
}

// TestTakeoverFromAGitSource: the page names file and commit, and the source leaves the value
// from then on.
func TestTakeoverFromAGitSource(t *testing.T) {
	t.Parallel()
	w := newDaemonWorld(t)
	w.manifest(t, "secrets/a.yaml", "password")
	w.run(t)
	w.wantRead(t, "password", "of git")
	tab := w.openAs(t, policy.Operator)
	tab.Follow("link", "Replace password")
	wantText(t, tab, "This is owned by the git source shop of "+w.cfg.Controller+" (secrets/a.yaml at commit "+w.git(t, "rev-parse", "main")[:12]+")",
		"Its next sync reports the secret as owned by another")
	tab.Fill("Type the name again to take it over", "password")
	tab.Fill("Reason", "an incident")
	tab.Fill("Value", "of ada")
	tab.Follow("button", "Take over and replace")
	wantText(t, tab, "Replaced password.")
	w.sync(t)
	w.wantRead(t, "password", "of ada")
	tab.Reload()
	wantText(t, tab, "blocked")
}
