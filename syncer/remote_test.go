// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// overHTTPS puts the world's repository behind a server with a token, and follows
// it there.
func (w *world) overHTTPS(t testing.TB) *gittest.HTTPS {
	t.Helper()
	server := gittest.NewHTTPS(t, filepath.Dir(w.repo))
	server.Authorized = func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer canary-of-git" }
	w.remote(server.URL+"/"+filepath.Base(w.repo)+"/.git", config.Remote{
		TokenFile: write(t, t.TempDir(), "token", "canary-of-git\n"), CACert: server.CACert,
	})
	return server
}

func (w *world) remote(url string, how config.Remote) {
	w.cfg.Mirrors = w.t.TempDir()
	s := &w.cfg.Sources[0]
	s.Repository, s.Remote = url, how
	w.cfg.SetDefaults("/") // the interval of polls
}

// put seals one secret and commits it.
func (w *world) put(value string) {
	w.t.Helper()
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: %s\n", w.workflow(0), value))
	w.commit()
}

func TestRemoteIsApplied(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"https", "ssh"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			if transport == "https" {
				w.overHTTPS(t)
			} else {
				server := gittest.NewSSH(t)
				w.remote("ssh://git@"+server.Address+w.repo+"/.git", config.Remote{SSHKey: server.Key, KnownHosts: server.KnownHosts})
			}
			w.put("one")
			w.applied()
			w.wantRead(w.workflow(0), "token", "one")
			w.put("two")
			w.applied()
			w.wantRead(w.workflow(0), "token", "two")
			verified, err := New(w.cfg, "test").Verify(t.Context(), nil)
			if err != nil || len(verified) != 1 || verified[0].Err != nil || verified[0].Secrets != 1 {
				t.Errorf("verify: %+v, %v", verified, err)
			}
		})
	}
}

// TestDaemonFollowsARemote commits, asks nothing while nothing moves, loses the
// remote, finds it again, and follows a history that was rewritten.
func TestDaemonFollowsARemote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	server := w.overHTTPS(t)
	var away atomic.Bool
	server.Before = func(answer http.ResponseWriter, _ *http.Request) bool {
		if away.Load() {
			http.Error(answer, "away", http.StatusServiceUnavailable)
		}
		return away.Load()
	}
	w.cfg.Sources[0].Remote.Poll = 20 * time.Millisecond
	w.put("one")
	d := w.daemon()
	standsAt := func() bool {
		s := d.status()["shop"]
		return s.Ready && s.Applied == strings.TrimSpace(w.run("git", "rev-parse", "main"))
	}
	d.until("the first commit is applied", standsAt)
	w.wantRead(w.workflow(0), "token", "one")

	w.writes()
	server.Requests()
	looks := 0
	d.until("ten looks at an unchanged remote", func() bool {
		for _, request := range server.Requests() {
			if request == "GET refs" {
				looks++
			}
		}
		return looks >= 10
	})
	if asked := w.proxy.Requests(); len(asked) > 0 {
		t.Errorf("Vault was asked although nothing moved: %v", asked)
	}

	away.Store(true)
	d.until("the loss is reported", func() bool { return !d.status()["shop"].Ready })
	if problems := strings.Join(d.status()["shop"].Problems, "\n"); !strings.Contains(problems, "503 Service Unavailable") {
		t.Errorf("the status is %q", problems)
	}
	away.Store(false)
	d.until("the remote is found again", standsAt)
	if asked := w.proxy.Requests(); len(asked) > 0 {
		t.Errorf("Vault was asked although only the remote was away: %v", asked)
	}

	w.put("two")
	d.until("the second commit is applied", standsAt)
	w.run("git", "reset", "-q", "--hard", "HEAD~1")
	w.put("other two")
	d.until("the rewritten history is applied", standsAt)
	w.wantRead(w.workflow(0), "token", "other two")
	d.stop()
	assertNoCanary(t, w)
}

func TestHintCausesAPollAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.overHTTPS(t)
	w.cfg.Sources[0].Remote.Poll = time.Hour
	w.put("one")
	d := w.daemon()
	d.until("the first commit is applied", func() bool { return d.status()["shop"].Applied != "" })
	first := d.status()["shop"].Applied
	w.put("two")
	d.Hint("shop")
	d.until("the hinted commit is applied", func() bool { s := d.status()["shop"].Applied; return s != first && s != "" })
	w.wantRead(w.workflow(0), "token", "two")
}

// assertNoCanary looks for the git token in all that was printed and in the mirrors.
func assertNoCanary(t *testing.T, w *world) {
	t.Helper()
	texts := map[string][]byte{}
	for name, text := range w.output {
		texts[name] = text
	}
	err := filepath.WalkDir(w.cfg.Mirrors, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			texts[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if strings.Contains(string(text), "canary-of-git") {
			t.Errorf("the token is in %s", name)
		}
	}
}

func TestUnavailableRemoteWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.overHTTPS(t)
	w.put("one")
	w.applied()
	w.writes()
	right := w.cfg.Sources[0].Remote
	for name, change := range map[string]func(*config.Remote){
		"invalid credentials": func(r *config.Remote) { r.TokenFile = write(t, t.TempDir(), "token", "wrong") },
		"certificate":         func(r *config.Remote) { r.CACert = "" },
		"connection refused":  func(r *config.Remote) { r.Proxy = "http://127.0.0.1:1" },
	} {
		w.cfg.Sources[0].Remote = right
		change(&w.cfg.Sources[0].Remote)
		if rep := w.sync(true); rep.Err == nil || !strings.Contains(rep.Err.Error(), name) {
			t.Errorf("got %v, want %s", rep.Err, name)
		}
	}
	if asked := w.proxy.Requests(); len(asked) > 0 {
		t.Errorf("Vault was asked: %v", asked)
	}
	assertNoCanary(t, w)
}

func TestDamagedMirrorIsFetchedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.overHTTPS(t)
	w.put("one")
	w.applied()
	packs, err := filepath.Glob(filepath.Join(w.cfg.Mirrors, "*", "*", "*.git", "objects", "pack", "*.pack"))
	if err != nil || len(packs) == 0 {
		t.Fatal("no pack in the mirror", err)
	}
	for _, pack := range packs {
		if err := os.Remove(pack); err != nil {
			t.Fatal(err)
		}
	}
	if rep := w.sync(true); rep.Err == nil {
		t.Error("a mirror without objects was read")
	}
	w.applied()
}

func TestTagIsFollowed(t *testing.T) {
	t.Parallel()
	for _, remote := range []bool{false, true} {
		w := newWorld(t, 1)
		if remote {
			w.overHTTPS(t)
			w.cfg.Sources[0].Remote.Poll = 20 * time.Millisecond
		}
		w.cfg.Sources[0].Branch, w.cfg.Sources[0].Tag = "", "v1"
		w.put("one")
		w.run("git", "tag", "-a", "-m", "release", "v1")
		w.put("untagged")
		d := w.daemon()
		d.until("the tag is applied", func() bool { return d.status()["shop"].Applied != "" })
		w.wantRead(w.workflow(0), "token", "one")
		first := d.status()["shop"]
		if first.Branch != "tag v1" {
			t.Errorf("the status names %q", first.Branch)
		}
		w.run("git", "tag", "-f", "-a", "-m", "release", "v1")
		d.until("the moved tag is applied", func() bool {
			s := d.status()["shop"].Applied
			return s != first.Applied && s != ""
		})
		w.wantRead(w.workflow(0), "token", "untagged")
		d.stop()
	}
}
