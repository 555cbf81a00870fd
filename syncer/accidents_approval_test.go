// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestAccidentLastSecretIsDeletedOnPurpose(t *testing.T) {
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
					t.Errorf("the sync:\n%s", w.text())
				}
			}
			w.gone(w.workflow(0), "one")
			w.live(w.workflow(1), "other")
		})
	}
}

func TestAccidentRepositoryIsEmptiedOnPurpose(t *testing.T) {
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
				if rep := w.approved(); rep.Summary().Delete != 2 || rep.Outcome() != report.Clean {
					t.Errorf("the sync:\n%s", w.text())
				}
			}
			if rep := w.sync(false); rep.Outcome() != report.Clean {
				t.Errorf("the next plan:\n%s", w.text())
			}
			w.gone(w.workflow(0), "one")
			w.gone(w.workflow(1), "two")
		})
	}
}

func TestAccidentManyAreDeletedOnPurpose(t *testing.T) {
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
		t.Errorf("the next sync: %+v", rep.Summary())
	}
}

// approved approves the current plan.
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
