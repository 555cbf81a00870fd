// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// guards are the ways to a plan that waits. Each begins with two applied manifests, one.yaml
// and two.yaml, of one workflow each.
var guards = map[string]func(w *world){
	"too many deletes": func(w *world) {
		w.cfg.Sources[0].Deletes.Max = new(int)
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.commit()
	},
	"too large a share": func(w *world) {
		w.cfg.Sources[0].Deletes.MaxPercent = new(int)
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.commit()
	},
	"an emptied workflow": func(w *world) {
		w.secretsIn("two.yaml", w.workflow(1))
		w.commit()
	},
	"an emptied repository": func(w *world) {
		w.run("git", "rm", "-q", "-r", ".")
		w.commit()
	},
	"a rewritten history that is refused": func(w *world) {
		w.cfg.Sources[0].History = plan.RefuseHistory
		w.run("git", "commit", "-q", "--amend", "-m", "rewritten")
	},
	"a deletion in a rewritten history": func(w *world) {
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.run("git", "add", "-A")
		w.run("git", "commit", "-q", "--amend", "-m", "rewritten")
	},
	"an older file": func(w *world) {
		old, sealed := w.read("one.yaml"), time.Now().Unix()
		await.Until(2*time.Second, func() bool { return time.Now().Unix() > sealed+1 }) // sops has seconds
		w.secretsIn("one.yaml", w.workflow(0), "one", "more")
		w.applied()
		write(w.t, w.repo, "one.yaml", old)
		w.commit()
	},
	"an undeleted secret": func(w *world) {
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.applied()
		w.undelete(w.workflow(0) + "/more")
	},
}

func (w *world) undelete(name string) {
	w.t.Helper()
	results, err := New(w.cfg, "test").Undelete(w.t.Context(), []string{name}, nil, "test")
	if err != nil {
		w.t.Fatalf("%v: %+v", err, results)
	}
}

// TestEveryGuardEndsByAnApproval, and does not end without one.
func TestEveryGuardEndsByAnApproval(t *testing.T) {
	t.Parallel()
	for name, guard := range guards {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.letApprove()
			w.secretsIn("one.yaml", w.workflow(0), "one", "more")
			w.secretsIn("two.yaml", w.workflow(1), "two")
			w.applied()
			guard(w)
			ada := w.approver()
			w.sync(true)
			id := w.pendingID()
			if rep := w.sync(true); rep.Approved || rep.PlanID != id {
				t.Fatalf("without an approval: %q, planned %q\n%s", rep.PlanID, id, w.text())
			}
			ada.approve(id)
			if rep := w.sync(true); !rep.Approved || rep.Outcome() != report.Clean {
				t.Errorf("with an approval:\n%s", w.text())
			}
			if rep := w.sync(true); rep.Outcome() != report.Clean || rep.PlanID != "" {
				t.Errorf("the next sync:\n%s", w.text())
			}
		})
	}
}

func TestOverdueHandOverEndsByAnApproval(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	w.letApproveOf("team-b")
	w.move()
	w.cfg.Sources[0].Suspend = true
	w.cfg.Sources[1].DriftInterval = 500 * time.Millisecond
	c := New(w.cfg, "test")
	sync := func() report.Report {
		reports, err := c.Sync(t.Context(), Request{Apply: true, Sources: []string{"team-b"}})
		if err != nil {
			t.Fatal(err)
		}
		return reports[0]
	}
	sync()
	<-time.After(w.cfg.Sources[1].DriftInterval)
	waits := sync()
	if waits.PlanID == "" || waits.Approved {
		t.Fatalf("after the drift interval: %+v", waits.Results)
	}
	w.approverOf("team-b").approve(waits.PlanID)
	if r := sync(); !r.Approved || r.Summary().Delete != 1 {
		t.Errorf("after the approval: %+v", r.Summary())
	}
}

// TestKilledApplyNeedsANewApproval kills relay-sync after the removal of the approval, and
// before the first write.
func TestKilledApplyNeedsANewApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.letApprove()
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0))
	w.commit()
	ada := w.approver()
	id := w.pendingID()
	ada.approve(id)
	deletes := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/delete/") }
	if !killAt(t, w, relaySync(t), 1, deletes) {
		t.Fatal("relay-sync was not killed")
	}
	if ada.has() {
		t.Error("the approval was not removed before the first write")
	}
	w.live(w.workflow(0), "one", "two")
	if rep := w.sync(true); rep.Approved || rep.PlanID != id {
		t.Errorf("the next sync:\n%s", w.text())
	}
	ada.approve(id)
	if rep := w.sync(true); !rep.Approved {
		t.Errorf("with a new approval:\n%s", w.text())
	}
	w.gone(w.workflow(0), "one", "two")
}

// TestRemovalOfAnApprovalThatFailsAppliesNothing: it could be used again.
func TestRemovalOfAnApprovalThatFailsAppliesNothing(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	ada.approve(w.pendingID())
	w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.vault.Token(t, writerRules(w), strings.ReplaceAll(w.controllerRules("shop"), `, "patch"`, "")))
	if rep := w.sync(true); rep.Approved || !strings.Contains(w.text(), "permission denied") {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.live(w.workflow(0), "first", "second")
}

func TestTwoReplicasUseOneApproval(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada, bob := w.approver(), w.approver()
	id := w.pendingID()
	ada.approve(id)
	bob.approve(id)
	reports := make([]report.Report, 2)
	var replicas sync.WaitGroup
	for i := range reports {
		replicas.Go(func() {
			all, err := New(w.cfg, "test").Sync(t.Context(), Request{Apply: true})
			if err != nil {
				t.Error(err)
				return
			}
			reports[i] = all[0]
		})
	}
	replicas.Wait()
	if !reports[0].Approved && !reports[1].Approved {
		t.Errorf("no replica applied the plan: %+v, %+v", reports[0].NotApproved, reports[1].NotApproved)
	}
	w.gone(w.workflow(0), "first", "second")
	w.live(w.workflow(0), "kept")
	if ada.has() || bob.has() {
		t.Error("an approval is still in Vault")
	}
}

// TestApprovalOfAPlanThatChangedByOneVersion does not count.
func TestApprovalOfAPlanThatChangedByOneVersion(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.cfg.Sources[0].Deletes.Max = new(int)
	ada := w.approver()
	ada.approve(w.pendingID())
	w.vault.Write(t, w.workflow(0), "first", "from outside")
	if rep := w.sync(true); rep.Approved {
		t.Errorf("approved:\n%s", w.text())
	}
	w.live(w.workflow(0), "second")
}

func TestDaemonUsesAndClearsApprovals(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada, bob := w.approver(), w.approver()
	bob.approve(strings.Repeat("1", 64)) // for no plan that waits
	d := w.daemonWith(func(c *Controller) { c.approvalPoll = 50 * time.Millisecond })
	d.until("a plan waits", func() bool { return d.status()["shop"].PlanID != "" })
	d.until("the approval for no plan is removed at the start", func() bool { return !bob.has() })
	status := d.status()["shop"]
	if status.Plan.ID() != status.PlanID {
		t.Errorf("the plan of the status has the id %s, not %s", status.Plan.ID(), status.PlanID)
	}
	ada.approve(status.PlanID)
	d.until("the approved plan is applied", func() bool { return d.status()["shop"].State() == report.InSync })
	w.gone(w.workflow(0), "first", "second")
	if d.status()["shop"].Plan != nil {
		t.Error("the status still has the plan")
	}
}

func TestDaemonRemovesTheApprovalOfAnObsoletePlan(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.cfg.Sources[0].Approvals.FourEyes = true // of an unknown author: one approval does not suffice
	ada := w.approver()
	w.localPoll = 50 * time.Millisecond
	d := w.daemonWith(func(c *Controller) { c.approvalPoll = 50 * time.Millisecond })
	d.until("a plan waits", func() bool { return d.status()["shop"].PlanID != "" })
	ada.approve(d.status()["shop"].PlanID)
	d.until("the approval does not suffice", func() bool {
		return strings.Contains(strings.Join(d.status()["shop"].Problems, " "), "two persons")
	})
	w.secretsIn("b.yaml", w.workflow(0), "first", "second")
	w.commit()
	d.until("nothing waits", func() bool { return d.status()["shop"].State() == report.InSync })
	d.until("the approval is removed", func() bool { return !ada.has() })
}
