// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The accidents that users of other tools reported, each as a test on real git, real
// sops and a real Vault. Every sync is a process of its own, which remembers
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
//	Vault shows only a part                                      VaultListsOnlyAPart
//	what another owner has taken over (ESO#6877)                 TakenOverByAnother
//
// Not deleted, and should have been:
//
//	the last secret, wanted (argo-cd#10987)                      LastSecretIsDeletedOnPurpose
//	an emptied repository, wanted (kustomize-controller#187)     RepositoryIsEmptiedOnPurpose
//	many, wanted (argo-cd Prune=confirm)                         ManyAreDeletedOnPurpose
//	a failed write in the same sync (kustomize-controller#409)  WriteFails
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
		w.t.Fatalf("the sync:\n%s", w.text())
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

// wantText checks what the last sync printed.
func (w *world) wantText(want string) {
	w.t.Helper()
	if !strings.Contains(w.text(), want) {
		w.t.Errorf("the report does not contain %q:\n%s", want, w.text())
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
	if s := w.sync(true).Summary(); s.Delete != 0 || s.PendingApproval != len(many) {
		t.Errorf("the sync: %+v", s)
	}
	w.wantText("not deleted: the plan deletes 11 secrets, at most 10 are allowed (deletes.max)")
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
		t.Errorf("the sync: %+v", rep.Summary())
	}
	w.wantText("contains no file that matches")
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
		t.Errorf("the sync: %+v", s)
	}
	w.wantText("not deleted: no secret of this workflow would be left (deletes.allow_empty)")
	w.live(w.workflow(0), "one", "two")
	// Nor does it make a percentage of more secrets than the source had.
	w.cfg.Sources[0].Deletes = plan.DeletePolicy{MaxPercent: new(5), AllowEmpty: true}
	w.sync(true)
	w.wantText("the plan deletes 2 of 23 secrets, at most 5% are allowed (deletes.max_percent)")
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
	w.wantText("owned by gitops/" + w.cfg.Controller + "/shop; take it over first, and remove it from the files of that source only after that: relay-sync adopt")
	w.live(w.workflow(0), "one")
	w.writes()
	w.cfg.Sources = []config.Source{shop}
	if rep := w.sync(true); rep.Outcome() != report.Clean || w.writes() != 0 {
		t.Errorf("back in the configuration: %+v", rep.Summary())
	}
}

func TestAccidentWorkflowRemovedFromList(t *testing.T) {
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
		t.Errorf("the sync:\n%s", w.text())
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
		t.Errorf("the sync: %+v", s)
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
		t.Errorf("the sync: %+v", s)
	}
	w.wantText("not deleted: something failed in this sync")
	if n := strings.Count(w.text(), "not deleted"); n != 1 {
		t.Errorf("%d secrets are listed as not deleted, want only the one that a.yaml lost:\n%s", n, w.text())
	}
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
		t.Errorf("the sync: %+v", rep.Summary())
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
		t.Errorf("the sync: %+v", s)
	}
	w.wantText("history was rewritten")
	w.live(w.workflow(0), "one", "two")
}
