// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestAccidentVaultListsOnlyAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.secretsIn("b.yaml", w.workflow(1), "other")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.HasSuffix(r.URL.Path, "/"+w.workflow(1)+"/") || strings.HasSuffix(r.URL.Path, "/"+w.workflow(1)) {
			return vaulttest.FailWith(http.StatusInternalServerError)
		}
		return vaulttest.Action{}
	})
	if rep := w.sync(true); rep.Outcome() != report.Failed || rep.Summary().Delete != 0 {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.live(w.workflow(0), "one", "two")
	w.proxy.Reset()
	if w.sync(true).Outcome() != report.Clean {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.gone(w.workflow(0), "two")
}

func TestAccidentTakenOverByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	terraform, err := vaultclient.Connect(
		vaultclient.Settings{Address: w.vault.Address, Token: w.vault.Writer(t)}, secrets.Config{Owner: "terraform/shop"})
	if err != nil {
		t.Fatal(err)
	}
	address := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: w.workflow(0)}.Secret("two")
	entry, err := terraform.Describe(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := terraform.Put(t.Context(), secrets.Write{Address: address, Adopt: true, Value: secrets.NewValue("terraform's"), Observed: entry}); err != nil {
		t.Fatal(err)
	}
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.applied()
	w.wantRead(w.workflow(0), "two", "terraform's")
	if after, err := terraform.Describe(t.Context(), address); err != nil || secrets.Judge("terraform/shop", after, nil).State != secrets.InSync {
		t.Errorf("terraform sees %s, %v", secrets.Judge("terraform/shop", after, nil), err)
	}
}

func TestAccidentWriteFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0), "one", "three")
	w.commit()
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.HasSuffix(r.URL.Path, "/three") && strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.FailWith(http.StatusInternalServerError)
		}
		return vaulttest.Action{}
	})
	if rep := w.sync(true); rep.Outcome() != report.Failed {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.wantText("not deleted: a write of this sync failed")
	w.live(w.workflow(0), "one", "two")
	w.proxy.Reset()
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().Delete != 1 {
		t.Errorf("the next sync:\n%s", w.text())
	}
	w.gone(w.workflow(0), "two")
	w.live(w.workflow(0), "one", "three")
}

// TestAccidentDeleteFails fails a delete at each of its two requests, before and
// after Vault carried it out.
func TestAccidentDeleteFails(t *testing.T) {
	t.Parallel()
	always := func(a vaulttest.Action) func() vaulttest.Action { return func() vaulttest.Action { return a } }
	for name, row := range map[string]struct {
		method, path string
		fails        func() vaulttest.Action
	}{
		"the delete is refused":     {http.MethodPut, "/delete/", always(vaulttest.FailWith(http.StatusForbidden))},
		"the delete fails":          {http.MethodPut, "/delete/", always(vaulttest.FailWith(http.StatusInternalServerError))},
		"its answer is lost":        {http.MethodPut, "/delete/", always(vaulttest.CutAt(vaulttest.After))},
		"the release fails":         {http.MethodPatch, "/metadata/", always(vaulttest.FailWith(http.StatusInternalServerError))},
		"the release is lost":       {http.MethodPatch, "/metadata/", always(vaulttest.CutAt(vaulttest.Before))},
		"the release goes unheard":  {http.MethodPatch, "/metadata/", always(vaulttest.CutAt(vaulttest.After))},
		"Vault is sealed meanwhile": {http.MethodPut, "/delete/", always(vaulttest.FailWith(http.StatusServiceUnavailable))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.secretsIn("a.yaml", w.workflow(0), "one", "two")
			w.applied()
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.commit()
			w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if r.Method == row.method && strings.Contains(r.URL.Path, row.path) {
					return row.fails()
				}
				return vaulttest.Action{}
			})
			if rep := w.sync(true); rep.Outcome() != report.Failed {
				t.Errorf("the sync:\n%s", w.text())
			}
			w.proxy.Reset()
			if rep := w.sync(true); rep.Outcome() != report.Clean {
				t.Errorf("the next sync:\n%s", w.text())
			}
			w.gone(w.workflow(0), "two")
			if rep := w.sync(true); rep.Summary() != (report.Summary{Unchanged: 1, InPlace: 1}) {
				t.Errorf("something is left of it: %+v", rep.Summary())
			}
			// The name has no owner: another owner may write it.
			w.vault.Write(t, w.workflow(0), "two", "another's")
			w.sync(true)
			w.wantRead(w.workflow(0), "two", "another's")
		})
	}
}

// TestAccidentStateLost: the records are in Vault, so a controller on a new
// machine, with a fresh clone, deletes what vanished while there was none.
func TestAccidentStateLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.applied()
	w.vault.Write(t, w.workflow(0), "foreign", "by hand")
	w.secretsIn("b.yaml", w.workflow(0))
	w.commit()
	clone := filepath.Join(t.TempDir(), "clone")
	w.run("git", "clone", "-q", w.repo, clone)
	w.cfg.Sources[0].Repository = clone
	w.writes()
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().Delete != 1 {
		t.Errorf("the sync:\n%s", w.text())
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d values were written again", n)
	}
	w.gone(w.workflow(0), "two")
	w.live(w.workflow(0), "one")
	w.wantRead(w.workflow(0), "foreign", "by hand")
	// A shallow clone does not show what was removed.
	w.secretsIn("a.yaml", w.workflow(0), "three")
	w.commit()
	w.run("git", "commit", "-q", "--allow-empty", "-m", "later")
	shallow := filepath.Join(t.TempDir(), "shallow")
	w.run("git", "clone", "-q", "--depth", "1", "file://"+w.repo, shallow)
	w.cfg.Sources[0].Repository = shallow
	w.sync(true)
	w.wantText("the repository is too shallow")
	w.live(w.workflow(0), "one", "three")
}
