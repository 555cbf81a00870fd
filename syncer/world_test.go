// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// world is one source in a repository of its own, before the dev Vault: real git,
// real sops, the blind policy, and a proxy that sees every request.
type world struct {
	t         testing.TB
	vault     *vaulttest.Vault
	proxy     *vaulttest.Proxy
	repo      string
	recipient string
	cfg       *config.Config
	output    map[string][]byte
	// localPoll is the interval of polls of the daemon, if set.
	localPoll time.Duration
}

// newWorld makes a world whose source may write the given number of workflows.
func newWorld(t testing.TB, workflows int) *world {
	t.Helper()
	return newWorldAt(t, vaulttest.Start(t), workflows)
}

func newWorldAt(t testing.TB, v *vaulttest.Vault, workflows int) *world {
	t.Helper()
	w := &world{t: t, vault: v, proxy: vaulttest.NewProxy(t, v.Address), repo: t.TempDir(), output: map[string][]byte{}}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.recipient = key.Recipient().String()
	secretsDir := t.TempDir()
	source := config.Source{
		Name: "shop", Repository: w.repo, Branch: "main", Files: []string{"**/*.yaml", "**/*.json"},
		AgeKeys: []string{write(t, secretsDir, "age.key", key.String())}, Drift: plan.Heal,
	}
	for range workflows {
		source.Workflows = append(source.Workflows, vaulttest.Workflow(t))
	}
	w.cfg = &config.Config{
		Controller: "c" + source.Workflows[0][len(source.Workflows[0])-10:],
		Vault: config.Vault{
			Address: w.proxy.Address, Mount: "customers", Prefix: "workflows", Settle: 100 * time.Millisecond,
			TokenFile: write(t, secretsDir, "token", v.Writer(t)),
		},
		Sources: []config.Source{source},
	}
	w.cfg.SetDefaults("/")
	w.run("git", "init", "-q", "-b", "main", w.repo)
	return w
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (w *world) workflow(i int) string { return w.cfg.Sources[0].Workflows[i] }

func (w *world) run(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = w.repo
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.repo, "SOPS_AGE_RECIPIENTS=" + w.recipient,
		"SOPS_AGE_KEY_FILE=" + w.cfg.Sources[0].AgeKeys[0],
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// sops runs the real sops of bin/.
func (w *world) sops(args ...string) string {
	w.t.Helper()
	return w.run(tools.Path(w.t, "sops"), args...)
}

// seal writes a manifest and encrypts it.
func (w *world) seal(name, plain string) {
	w.t.Helper()
	write(w.t, w.repo, name, plain)
	w.sops("encrypt", "--in-place", name)
}

func (w *world) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.repo, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *world) commit() {
	w.t.Helper()
	w.run("git", "add", "-A")
	w.run("git", "commit", "-q", "--allow-empty", "-m", "change")
}

// sync runs one sync and keeps all that it prints.
func (w *world) sync(apply bool) report.Report {
	w.t.Helper()
	return w.ask(Request{Apply: apply})
}

// ask runs the syncs of a process of its own, and gives the first report.
func (w *world) ask(request Request) report.Report {
	w.t.Helper()
	return w.askAll(request)[0]
}

func (w *world) askAll(request Request) []report.Report {
	w.t.Helper()
	c := New(w.cfg, "test")
	c.Warn = func(text string) { w.t.Logf("warning: %s", text) }
	reports, err := c.Sync(context.Background(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	var text, asJSON bytes.Buffer
	if err := render.NewText(&text, true).Write(reports); err != nil {
		w.t.Fatal(err)
	}
	if err := render.WriteJSON(&asJSON, reports); err != nil {
		w.t.Fatal(err)
	}
	n := len(w.output)
	w.output[fmt.Sprint("text ", n)] = text.Bytes()
	w.output[fmt.Sprint("json ", n)] = asJSON.Bytes()
	w.output[fmt.Sprint("structs ", n)] = fmt.Appendf(nil, "%+v %#v", reports, reports)
	return reports
}

// text is what the last sync printed.
func (w *world) text() string { return string(w.output[fmt.Sprint("text ", len(w.output)-3)]) }

// writes counts the values that were sent since the last count.
func (w *world) writes() int {
	n := 0
	for _, r := range w.proxy.Requests() {
		if strings.Contains(r.Path, "/data/") {
			n++
		}
	}
	w.proxy.AssertBlind(w.t)
	w.proxy.AssertCheckAndSet(w.t)
	w.proxy.Reset()
	return n
}

func (w *world) wantRead(workflow, name, want string) {
	w.t.Helper()
	got, ok := w.vault.ReadAs(w.t, w.vault.Reader(w.t, workflow), workflow, name)
	if !ok || got != want {
		w.t.Errorf("%s/%s reads %.60q, want %.60q", workflow, name, got, want)
	}
}

// follow runs the daemon until its sources, by name, stand as they should.
func (w *world) follow(reached func(map[string]report.Status) bool) {
	w.t.Helper()
	d := w.daemon()
	d.until("the sources stand as they should", func() bool { return reached(d.status()) })
	d.stop()
}

// daemon is a controller that runs.
type daemon struct {
	*Controller
	t    testing.TB
	stop func()
}

// daemon starts one of the world's configuration. It is stopped with the test.
func (w *world) daemon() *daemon { return w.daemonWith(func(*Controller) {}) }

func (w *world) daemonWith(change func(*Controller)) *daemon {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{Controller: New(w.cfg, "test"), t: w.t}
	if w.localPoll > 0 {
		d.localPoll = w.localPoll
	}
	change(d.Controller)
	if _, err := d.OpenHooks(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		d.Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)))
		close(ended)
	}()
	d.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	w.t.Cleanup(d.stop)
	return d
}

func (d *daemon) status() map[string]report.Status {
	all := map[string]report.Status{}
	for _, s := range d.board.list() {
		all[s.Source] = s
	}
	return all
}

// until waits for a condition.
func (d *daemon) until(what string, reached func() bool) {
	d.t.Helper()
	if !await.Until(time.Minute, reached) {
		d.t.Fatalf("never: %s; %+v", what, d.board.list())
	}
}

// polledAfter waits until the source has polled after a cause, which it repeats: the next poll
// is at the time of the next sync, so two polls can give the same time to the nanosecond.
func (d *daemon) polledAfter(what string, cause func()) {
	d.t.Helper()
	before := d.status()["shop"].NextPoll
	var last time.Time
	d.until("it polled after "+what, func() bool {
		if time.Since(last) > 10*time.Second {
			cause()
			last = time.Now()
		}
		return !d.status()["shop"].NextPoll.Equal(before)
	})
}
