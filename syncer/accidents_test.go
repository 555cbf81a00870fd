// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The accidents that users of other tools told of, each as a test on real git, real
// sops and a real Vault. Every round is a process of its own, which remembers
// nothing of the one before.
//
// Deleted, and should not have been:
//
//	files deleted by a person or a script (argo-cd#3484)        FilesDeleted
//	the repository emptied (argo-cd#3996, #4464)                 RepositoryEmptied
//	one workflow emptied, and the guard bypassed by an
//	unrelated object (argo-cd#23645)                             UnrelatedSecretAdded
//	the source removed from the configuration (ESO#5062)         SourceRemoved
//	a workflow removed from the source's list                    WorkflowRemovedFromTheList
//	the controller or the source renamed                         SourceRenamed
//	a file that fails, or that no key opens any more             FileFails, KeyLost
//	the branch replaced by another history                       BranchReplaced
//	Vault shows only a part                                      VaultShowsOnlyAPart
//	what another owner has taken over (ESO#6877)                 TakenOverByAnother
//
// Not deleted, and should have been:
//
//	the last secret, wanted (argo-cd#10987)                      LastSecretIsWantedGone
//	an emptied repository, wanted (kustomize-controller#187)     EmptyingIsWanted
//	many, wanted (argo-cd Prune=confirm)                         ManyAreWantedGone
//	a failed write in the same round (kustomize-controller#409)  WriteFails
//	a failed delete (kustomize-controller#1664)                  DeleteFails
//	the state lost                                               StateLost

// secretsIn seals one manifest for a workflow, with the names as values; no name
// removes it.
func (w *world) secretsIn(file, workflow string, names ...string) {
	w.t.Helper()
	if len(names) == 0 {
		if err := os.Remove(filepath.Join(w.repo, file)); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "workflows:\n  %s:\n", workflow)
	for _, name := range names {
		fmt.Fprintf(&text, "    %s: value of %s\n", name, name)
	}
	w.seal(file, text.String())
}

// applied commits and expects that all of it gets to Vault.
func (w *world) applied() {
	w.t.Helper()
	w.commit()
	if rep := w.sync(true); rep.Outcome() != report.Clean {
		w.t.Fatalf("the round:\n%s", w.text())
	}
}

// live checks that these secrets, named as secretsIn has them, can be read.
func (w *world) live(workflow string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.wantRead(workflow, name, "value of "+name)
	}
}

func (w *world) gone(workflow string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		if _, ok := w.vault.ReadAs(w.t, w.vault.Reader(w.t, workflow), workflow, name); ok {
			w.t.Errorf("%s/%s is still there", workflow, name)
		}
	}
}

// says checks what the last round printed.
func (w *world) says(want string) {
	w.t.Helper()
	if !strings.Contains(w.text(), want) {
		w.t.Errorf("the report does not say %q:\n%s", want, w.text())
	}
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("secret_%d", i)
	}
	return names
}

func TestAccidentFilesDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	many := numbered(plan.DefaultMaxDeletes + 1)
	w.secretsIn("a.yaml", w.workflow(0), append([]string{"kept"}, many...)...)
	w.secretsIn("b.yaml", w.workflow(1), "other")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0), "kept")
	w.commit()
	if s := w.sync(true).Summary(); s.Delete != 0 || s.Blocked != len(many) {
		t.Errorf("the round: %+v", s)
	}
	w.says("not deleted: the plan deletes 11 secrets, at most 10 are allowed (deletes.max)")
	w.live(w.workflow(0), many...)
	// Within the limit a delete is soft, so that it can be undone.
	w.secretsIn("a.yaml", w.workflow(0), append([]string{"kept"}, many[2:]...)...)
	w.applied()
	w.gone(w.workflow(0), many[:2]...)
	w.vault.Undelete(t, w.workflow(0), many[0], 1)
	w.live(w.workflow(0), many[0])
}

func TestAccidentRepositoryEmptied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.secretsIn("b.yaml", w.workflow(1), "two")
	w.applied()
	w.run("git", "rm", "-q", "-r", ".")
	w.commit()
	if rep := w.sync(true); rep.Outcome() != report.Failed || rep.Summary().Delete != 0 {
		t.Errorf("the round: %+v", rep.Summary())
	}
	w.says("contains no file that matches")
	w.live(w.workflow(0), "one")
	w.live(w.workflow(1), "two")
	// It comes back, and nothing has to be written.
	w.writes()
	w.run("git", "revert", "--no-edit", "HEAD")
	if w.sync(true); w.writes() != 0 {
		t.Error("values were written again")
	}
}

func TestAccidentUnrelatedSecretAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.secretsIn("b.yaml", w.workflow(1), "other")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0))
	w.secretsIn("b.yaml", w.workflow(1), append([]string{"other"}, numbered(20)...)...)
	w.commit()
	if s := w.sync(true).Summary(); s.Delete != 0 || s.Add != 20 {
		t.Errorf("the round: %+v", s)
	}
	w.says("not deleted: no secret of this workflow would be left (deletes.allow_empty)")
	w.live(w.workflow(0), "one", "two")
	// Nor does it make a percentage of more secrets than the source had.
	w.cfg.Sources[0].Deletes = plan.DeletePolicy{MaxPercent: new(5), AllowEmpty: true}
	w.sync(true)
	w.says("the plan deletes 2 of 23 secrets, at most 5% are allowed (deletes.max_percent)")
	w.live(w.workflow(0), "one", "two")
}

func TestAccidentSourceRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.applied()
	shop := w.cfg.Sources[0]
	other := shop
	other.Name = "till"
	w.cfg.Sources = []config.Source{other}
	if rep := w.sync(true); rep.Summary().Blocked != 1 {
		t.Errorf("another source took it: %+v", rep.Summary())
	}
	w.says("owned by gitops/" + w.cfg.Controller + "/shop; delete it there first")
	w.live(w.workflow(0), "one")
	w.writes()
	w.cfg.Sources = []config.Source{shop}
	if rep := w.sync(true); rep.Outcome() != report.Clean || w.writes() != 0 {
		t.Errorf("back in the configuration: %+v", rep.Summary())
	}
}

func TestAccidentWorkflowRemovedFromTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.secretsIn("b.yaml", w.workflow(1), "two")
	w.applied()
	second := w.workflow(1)
	w.cfg.Sources[0].Workflows = w.cfg.Sources[0].Workflows[:1]
	w.secretsIn("b.yaml", second)
	w.commit()
	if rep := w.sync(true); rep.Outcome() != report.Clean {
		t.Errorf("the round:\n%s", w.text())
	}
	w.live(second, "two")
}

func TestAccidentSourceRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	w.cfg.Controller += "-new"
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	if s := w.sync(true).Summary(); s.Blocked != 1 || s.Delete+s.Change+s.Add != 0 {
		t.Errorf("the round: %+v", s)
	}
	w.live(w.workflow(0), "one", "two")
}

func TestAccidentFileFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.secretsIn("b.yaml", w.workflow(1), "other", "more")
	w.applied()
	good := w.read("b.yaml")
	w.secretsIn("a.yaml", w.workflow(0), "one")
	write(t, w.repo, "b.yaml", strings.Replace(good, "other: ENC", "other: ENX", 1))
	w.commit()
	if s := w.sync(true).Summary(); s.Delete != 0 {
		t.Errorf("the round: %+v", s)
	}
	w.says("not deleted: something failed in this sync")
	w.live(w.workflow(0), "one", "two")
	w.live(w.workflow(1), "other", "more")
	write(t, w.repo, "b.yaml", good)
	w.applied()
	w.gone(w.workflow(0), "two")
}

func TestAccidentKeyLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.applied()
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Sources[0].AgeKeys = []string{write(t, t.TempDir(), "age.key", other.String())}
	if rep := w.sync(true); rep.Outcome() != report.Failed || rep.Summary().Delete != 0 {
		t.Errorf("the round: %+v", rep.Summary())
	}
	w.live(w.workflow(0), "one")
}

func TestAccidentBranchReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	w.run("git", "checkout", "-q", "--orphan", "fresh")
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	w.run("git", "branch", "-q", "-D", "main")
	w.run("git", "branch", "-q", "-m", "main")
	if s := w.sync(true).Summary(); s.Delete != 0 {
		t.Errorf("the round: %+v", s)
	}
	w.says("history was rewritten")
	w.live(w.workflow(0), "one", "two")
}

func TestAccidentVaultShowsOnlyAPart(t *testing.T) {
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
		t.Errorf("the round:\n%s", w.text())
	}
	w.live(w.workflow(0), "one", "two")
	w.proxy.Reset()
	if w.sync(true).Outcome() != report.Clean {
		t.Errorf("the round:\n%s", w.text())
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

// approved approves what the plan of now holds back.
func (w *world) approved() report.Report {
	w.t.Helper()
	planned := w.sync(false)
	if planned.PlanID == "" {
		w.t.Fatalf("nothing waits for approval:\n%s", w.text())
	}
	rep := w.ask(Request{Apply: true, Approve: planned.PlanID})
	if !rep.Approved {
		w.t.Fatalf("the plan was not approved:\n%s", w.text())
	}
	return rep
}

func TestAccidentLastSecretIsWantedGone(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{false, true} {
		t.Run(fmt.Sprintf("allow_empty %v", allow), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.cfg.Sources[0].Deletes.AllowEmpty = allow
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.secretsIn("b.yaml", w.workflow(1), "other")
			w.applied()
			w.secretsIn("a.yaml", w.workflow(0))
			if allow {
				w.applied()
			} else {
				w.commit()
				if rep := w.approved(); rep.Outcome() != report.Clean {
					t.Errorf("the round:\n%s", w.text())
				}
			}
			w.gone(w.workflow(0), "one")
			w.live(w.workflow(1), "other")
		})
	}
}

func TestAccidentEmptyingIsWanted(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{false, true} {
		t.Run(fmt.Sprintf("allow_empty %v", allow), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.cfg.Sources[0].Deletes.AllowEmpty = allow
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.secretsIn("b.yaml", w.workflow(1), "two")
			w.applied()
			w.run("git", "rm", "-q", "-r", ".")
			if allow {
				w.applied()
			} else {
				w.commit()
				if s := w.approved().Summary(); s.Delete != 2 {
					t.Errorf("the round: %+v", s)
				}
			}
			w.gone(w.workflow(0), "one")
			w.gone(w.workflow(1), "two")
		})
	}
}

func TestAccidentManyAreWantedGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	many := numbered(40)
	w.secretsIn("a.yaml", w.workflow(0), append([]string{"kept"}, many...)...)
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0), "kept")
	w.commit()
	if s := w.sync(true).Summary(); s.Delete != 0 {
		t.Errorf("without approval: %+v", s)
	}
	if rep := w.approved(); rep.Outcome() != report.Clean || rep.Summary().Delete != len(many) {
		t.Errorf("approved: %+v", rep.Summary())
	}
	w.gone(w.workflow(0), many...)
	w.live(w.workflow(0), "kept")
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().Unchanged != 1 {
		t.Errorf("the next round: %+v", rep.Summary())
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
		t.Errorf("the round:\n%s", w.text())
	}
	w.says("not deleted: a write of this round failed")
	w.live(w.workflow(0), "one", "two")
	w.proxy.Reset()
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().Delete != 1 {
		t.Errorf("the next round:\n%s", w.text())
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
				t.Errorf("the round:\n%s", w.text())
			}
			w.proxy.Reset()
			if rep := w.sync(true); rep.Outcome() != report.Clean {
				t.Errorf("the next round:\n%s", w.text())
			}
			w.gone(w.workflow(0), "two")
			if rep := w.sync(true); rep.Summary() != (report.Summary{Unchanged: 1}) {
				t.Errorf("something is left of it: %+v", rep.Summary())
			}
			// Nobody holds the name: another owner may have it.
			w.vault.Write(t, w.workflow(0), "two", "somebody's")
			w.sync(true)
			w.wantRead(w.workflow(0), "two", "somebody's")
		})
	}
}

// TestAccidentStateLost: what is ours stands in Vault, so a controller on a new
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
		t.Errorf("the round:\n%s", w.text())
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d values were written again", n)
	}
	w.gone(w.workflow(0), "two")
	w.live(w.workflow(0), "one")
	w.wantRead(w.workflow(0), "foreign", "by hand")
	// Of a shallow clone it cannot be told what vanished.
	w.secretsIn("a.yaml", w.workflow(0), "three")
	w.commit()
	w.run("git", "commit", "-q", "--allow-empty", "-m", "later")
	shallow := filepath.Join(t.TempDir(), "shallow")
	w.run("git", "clone", "-q", "--depth", "1", "file://"+w.repo, shallow)
	w.cfg.Sources[0].Repository = shallow
	w.sync(true)
	w.says("the repository is too shallow")
	w.live(w.workflow(0), "one", "three")
}
