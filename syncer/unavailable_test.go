// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// ready asks /readyz.
func (d *daemon) ready() (bool, string) {
	answer := httptest.NewRecorder()
	d.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Code == http.StatusOK, answer.Body.String()
}

// untilReady waits until /readyz has this status and text.
func (d *daemon) untilReady(want bool, wantText string) {
	d.t.Helper()
	d.until("/readyz: "+wantText, func() bool {
		ready, text := d.ready()
		return ready == want && strings.Contains(text, wantText)
	})
}

// untilRead waits until a workflow reads a value.
func (d *daemon) untilRead(w *world, workflow, name, want string) {
	d.t.Helper()
	reader := w.vault.Reader(d.t, workflow)
	d.until(name+" is read", func() bool {
		got, _ := w.vault.ReadAs(d.t, reader, workflow, name)
		return got == want
	})
}

func TestDaemonWaitsForASealedVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	w := newWorldAt(t, v, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	d := w.daemon()
	d.untilReady(true, "ok")
	v.Seal(t)
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.commit()
	d.untilReady(false, "Vault is sealed; unseal it")
	if got := d.status()["shop"]; got.Applied == got.Seen || len(got.Problems) == 0 {
		t.Errorf("the status while it is sealed: %+v", got)
	}
	v.Unseal(t)
	d.untilRead(w, w.workflow(0), "two", "value of two")
	d.untilReady(true, "ok")
}

// TestDaemonRetriesUntilVaultIsAvailable: whatever Vault answers while it is unavailable, what was
// committed meanwhile arrives afterwards, and nothing is written twice.
func TestDaemonRetriesUntilVaultIsAvailable(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, problem string
		action        vaulttest.Action
		only          string
	}{
		{"a rate limit", "Vault's rate limit is exceeded", vaulttest.FailWith(http.StatusTooManyRequests), ""},
		{"503", "Vault is unavailable", vaulttest.FailWith(http.StatusServiceUnavailable), ""},
		{"a standby without a leader", "Vault is unavailable", vaulttest.FailWith(http.StatusInternalServerError), ""},
		{"broken connections", "Vault is unavailable", vaulttest.CutAt(vaulttest.Before), ""},
		{"a rate limit for writes only", "Vault's rate limit is exceeded", vaulttest.FailWith(http.StatusTooManyRequests), "/data/"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.commit()
			d := w.daemon()
			d.untilRead(w, w.workflow(0), "one", "value of one")
			d.untilReady(true, "ok")
			w.writes()
			var over atomic.Bool
			w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if over.Load() || !strings.Contains(r.URL.Path, row.only) {
					return vaulttest.Action{}
				}
				return row.action
			})
			w.secretsIn("b.yaml", w.workflow(0), "two")
			w.commit()
			d.until("the status has the cause", func() bool {
				return strings.Contains(strings.Join(d.status()["shop"].Problems, " "), row.problem)
			})
			if ready, text := d.ready(); ready != (row.only != "") {
				t.Errorf("/readyz: %v, %s", ready, text)
			}
			over.Store(true)
			d.untilRead(w, w.workflow(0), "two", "value of two")
			d.untilReady(true, "ok")
			d.until("all is applied", func() bool { return d.status()["shop"].Settled() })
			if version := w.version(w.workflow(0), "two"); version != 1 {
				t.Errorf("the secret is at version %d", version)
			}
		})
	}
}

// version is the current version of a secret.
func (w *world) version(workflow, name string) int {
	w.t.Helper()
	version, ok := w.vault.Metadata(w.t, workflow, name)["current_version"].(float64)
	if !ok {
		w.t.Fatalf("%s/%s has no version", workflow, name)
	}
	return int(version)
}

// TestSourceDelaysNoOther: the requests of one source hang, as behind a broken
// proxy; the other's commits arrive.
func TestSourceDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	second := w.cfg.Sources[0]
	second.Name, second.Files, second.Workflows = "till", []string{"b.yaml"}, second.Workflows[1:]
	w.cfg.Sources[0].Files, w.cfg.Sources[0].Workflows = []string{"a.yaml"}, w.cfg.Sources[0].Workflows[:1]
	stuck, stuckWorkflow, free := make(chan struct{}), w.cfg.Sources[0].Workflows[0], second.Workflows[0]
	w.cfg.Sources = append(w.cfg.Sources, second)
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, stuckWorkflow) {
			<-stuck
		}
		return vaulttest.Action{}
	})
	release := sync.OnceFunc(func() { close(stuck) })
	t.Cleanup(release)
	w.secretsIn("a.yaml", stuckWorkflow, "one")
	w.secretsIn("b.yaml", free, "two")
	w.commit()
	d := w.daemon()
	t.Cleanup(release) // before the daemon is stopped
	d.untilRead(w, free, "two", "value of two")
	w.secretsIn("b.yaml", free, "two", "three")
	w.commit()
	d.untilRead(w, free, "three", "value of three")
	d.untilReady(false, "shop: no sync yet")
	release()
	d.untilRead(w, stuckWorkflow, "one", "value of one")
	d.untilReady(true, "ok")
}

// TestExpiredTokenIsReplaced: the file has a new one by then.
func TestExpiredTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	d := w.daemon()
	d.untilRead(w, w.workflow(0), "one", "value of one")
	file := w.cfg.Vault.TokenFile
	token, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := w.vault.Call(t, w.vault.RootToken, http.MethodPost, "auth/token/revoke", map[string]any{"token": string(token)}); status/100 != 2 {
		t.Fatalf("revoking the token: status %d", status)
	}
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.commit()
	d.untilReady(false, "get a new one")
	if err := os.WriteFile(file, []byte(w.vault.Writer(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	d.untilRead(w, w.workflow(0), "two", "value of two")
	d.untilReady(true, "ok")
}
