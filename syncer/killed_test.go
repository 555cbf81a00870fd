// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// TestKilledSyncLosesNothing kills the real program with SIGKILL at its n-th write, for
// several n: whatever it left, the next sync loses nothing, writes nothing
// twice beyond the one it was killed at, and reports what needs a person.
func TestKilledSyncLosesNothing(t *testing.T) {
	t.Parallel()
	program := relaySync(t)
	for _, update := range []bool{false, true} {
		for n := 1; n <= 6; n++ {
			t.Run(fmt.Sprintf("update=%v, at write or record %d", update, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 1)
				w.cfg.Vault.Concurrency = 1
				manifest := func(values string) string {
					return fmt.Sprintf("workflows:\n  %s:\n    a: a%[2]s\n    b: b%[2]s\n    c: c%[2]s\n", w.workflow(0), values)
				}
				if update {
					w.seal("a.yaml", manifest("0"))
					w.commit()
					w.sync(true)
				}
				w.seal("a.yaml", manifest("1"))
				w.commit()
				if !killAt(t, w, program, n, changes) {
					t.Fatal("relay-sync was not killed")
				}

				rep := w.sync(true)
				unmanaged := 0
				for _, r := range rep.Results {
					if r.Kind == plan.Blocked {
						unmanaged++
						if r.Verdict.State != secrets.Unmanaged {
							t.Errorf("%s is blocked: %s", r.Address, r.Cause)
						}
					}
				}
				// Killed between the value and the record of a create: no record shows
				// whose it is.
				if want := !update && n%2 == 0; (unmanaged == 1) != want || unmanaged > 1 {
					t.Errorf("%d secrets were left without a record:\n%s", unmanaged, w.text())
				}
				for _, name := range []string{"a", "b", "c"} {
					w.wantRead(w.workflow(0), name, name+"1")
				}
			})
		}
	}
}

// relaySync is the path of the real program.
func relaySync(t testing.TB) string {
	t.Helper()
	program, err := filepath.Abs("../bin/relay-sync")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("bin/relay-sync is missing: run make")
	}
	return program
}

// changes are the requests that change Vault.
func changes(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/data/") || r.Method == http.MethodPatch
}

// killAt runs relay-sync apply and kills it when its n-th request of a kind reaches
// Vault, before it is answered. It reports whether there was one.
func killAt(t *testing.T, w *world, program string, n int, kind func(*http.Request) bool) bool {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf("controller: %s\nvault: {address: %q, token_file: %q, concurrency: 1, settle: 100ms}\nsources:\n",
		w.cfg.Controller, w.proxy.Address, w.cfg.Vault.TokenFile)
	for _, s := range w.cfg.Sources {
		text += fmt.Sprintf("- {name: %s, repository: %q, files: [%q], workflows: [%q], age_keys: [%q]}\n",
			s.Name, s.Repository, s.Files[0], s.Workflows[0], s.AgeKeys[0])
	}
	config := write(t, dir, "relay-sync.yaml", text)
	cmd := exec.Command(program, "apply", "-c", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	w.proxy.Reset()
	started := make(chan *os.Process, 1)
	var mu sync.Mutex
	seen := 0
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if !kind(r) {
			return vaulttest.Action{}
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen != n {
			return vaulttest.Action{}
		}
		_ = (<-started).Kill()
		return vaulttest.CutAt(vaulttest.Before)
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started <- cmd.Process
	err := cmd.Wait()
	w.proxy.Reset()
	mu.Lock()
	defer mu.Unlock()
	return err != nil && seen >= n
}
