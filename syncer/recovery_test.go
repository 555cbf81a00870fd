// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestDaemonRecoversSoonAfterTheCauseIsGone: without a restart and a commit, where the
// drift interval is ten minutes.
func TestDaemonRecoversSoonAfterTheCauseIsGone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// before makes the cause, and removes it with the function that it returns.
		before  func(w *world) (remove func())
		problem string
	}{
		{"another owner releases", func(w *world) func() {
			w.vault.Write(w.t, w.workflow(0), "one", "foreign")
			return func() { w.vault.Purge(w.t, w.workflow(0), "one") }
		}, "unmanaged"},
		{"the key file is exchanged", func(w *world) func() {
			path := w.cfg.Sources[0].AgeKeys[0]
			right, err := os.ReadFile(path)
			other, errOther := age.GenerateX25519Identity()
			if err != nil || errOther != nil {
				w.t.Fatal(err, errOther)
			}
			write(w.t, "/", path, other.String())
			return func() { write(w.t, "/", path, string(right)) }
		}, "no available key"},
		{"the key file appears", func(w *world) func() {
			path := w.cfg.Sources[0].AgeKeys[0]
			if err := os.Rename(path, path+".away"); err != nil {
				w.t.Fatal(err)
			}
			return func() {
				if err := os.Rename(path+".away", path); err != nil {
					w.t.Error(err)
				}
			}
		}, "no such file"},
		{"the policy of the role is given more rights", func(w *world) func() {
			return w.withoutPatch()
		}, "missing capability"},
		{"a proxy lets writes pass", func(w *world) func() {
			var over atomic.Bool
			w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if !over.Load() && strings.Contains(r.URL.Path, "/data/") {
					return vaulttest.FailWith(http.StatusForbidden)
				}
				return vaulttest.Action{}
			})
			return func() { over.Store(true) }
		}, "denied"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.commit()
			remove := row.before(w)
			d := w.daemon()
			d.until("the cause is in the status", func() bool {
				return strings.Contains(strings.Join(d.status()["shop"].Problems, " "), row.problem)
			})
			if s := d.status()["shop"]; s.State() == report.InSync || time.Until(s.NextSync) > 2*time.Minute {
				t.Errorf("the status promises a sync in %s, and is %q", time.Until(s.NextSync), s.State())
			}
			remove()
			d.untilRead(w, w.workflow(0), "one", "value of one")
			d.until("it is in sync", func() bool { return d.status()["shop"].State() == report.InSync })
			if s := d.status()["shop"]; time.Until(s.NextSync) < 5*time.Minute || s.Summary.InPlace != 1 {
				t.Errorf("in sync, the next sync is in %s, %d in place", time.Until(s.NextSync), s.Summary.InPlace)
			}
		})
	}
}

// withoutPatch gives syncs a token whose policy misses a capability, and then has it.
func (w *world) withoutPatch() (grant func()) {
	call := func(method, path string, body any) map[string]any {
		status, answer := w.vault.Call(w.t, w.vault.RootToken, method, path, body)
		if status >= 300 {
			w.t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	rules, _ := call("GET", "sys/policies/acl/writer", nil)["data"].(map[string]any)["policy"].(string)
	name := "role-" + strings.ToLower(w.workflow(0))
	w.vault.WritePolicy(w.t, name, strings.ReplaceAll(rules, `"patch"`, `"list"`))
	token, _ := call("POST", "auth/token/create", map[string]any{"policies": []string{name}})["auth"].(map[string]any)["client_token"].(string)
	w.token(token)
	return func() { w.vault.WritePolicy(w.t, name, rules) }
}

// TestChangedSourceInSyncSendsNoRequest: a token that an agent renews every minute must
// not cost a read of each secret.
func TestChangedSourceInSyncSendsNoRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	d := w.daemon()
	d.until("it is in sync", func() bool { return d.status()["shop"].Settled() })
	w.proxy.Reset()
	d.polledAfter("a change of nothing", func() {
		if err := d.Changed(nil); err != nil {
			t.Error(err)
		}
	})
	if got := w.proxy.Requests(); len(got) != 0 {
		t.Errorf("%d requests, the first %s %s", len(got), got[0].Method, got[0].Path)
	}
	reports, err := d.SyncNow(t.Context(), []string{"shop"})
	if err != nil || len(reports) != 1 || reports[0].Outcome() != report.Clean || reports[0].Summary().Unchanged != 1 {
		t.Errorf("a sync that was asked for: %+v, %v", reports, err)
	}
	w.wantOneReadEach(1)
	if _, err := d.SyncNow(t.Context(), []string{"other"}); err == nil {
		t.Error("an unknown source was synced")
	}
}

// TestChangedFileWakesItsSource has no poll, and no retry, that could help.
func TestChangedFileWakesItsSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.localPoll = time.Hour
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	d := w.daemon()
	d.until("it is in sync", func() bool { return d.status()["shop"].Settled() })
	for _, path := range []string{w.cfg.Sources[0].AgeKeys[0], w.cfg.Vault.TokenFile} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d.polledAfter("the change of "+path, func() {
			if err := os.Rename(write(t, t.TempDir(), "new", string(content)), path); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEndOfALoopIsNotAFailedSync: a reload continues the history.
func TestEndOfALoopIsNotAFailedSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	c := New(w.cfg, "test")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	newFollower(c, w.cfg.Sources[0], slog.New(slog.DiscardHandler)).poll(ended)
	if history := c.board.history["shop"]; len(history) != 0 {
		t.Errorf("the history: %+v", history)
	}
}
