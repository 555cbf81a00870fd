// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
	"testing"
	"time"
)

// TestFourEyesRefusesTheOperatorOfTheController: one person could approve alone.
func TestFourEyesRefusesTheOperatorOfTheController(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.cfg.Sources[0].Approvals.FourEyes = true
	rep := w.ask(Request{Apply: true, Approve: w.pendingID()})
	if rep.Approved || rep.Applied || !strings.Contains(w.text(), "apply --approve does not approve: use relay-sync approve shop --reason ...") {
		t.Errorf("the sync:\n%s", w.text())
	}
	if strings.Contains(w.text(), "apply --approve "+rep.PlanID) {
		t.Errorf("the report names a command that is refused:\n%s", w.text())
	}
	w.live(w.workflow(0), "first", "second")
}

// TestExpiredApprovalDoesNotRevive: a longer lifetime is set later.
func TestExpiredApprovalDoesNotRevive(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	n := ada.note(w.pendingID())
	n.Time = n.Time.Add(-2 * time.Hour)
	ada.store(n)
	w.sync(true)
	w.cfg.Sources[0].Approvals.Lifetime = 24 * time.Hour
	if rep := w.sync(true); rep.Approved || ada.has() {
		t.Errorf("approved %v:\n%s", rep.Approved, w.text())
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		author  string // of the removal, in people
		persons []int  // who approves, by index: the author is 0
		want    bool
		cause   string
	}{
		"the author alone":          {"ada@example.com", []int{0}, false, "author or committer"},
		"another person":            {"ada@example.com", []int{1}, true, ""},
		"the author and another":    {"ada@example.com", []int{0, 1}, true, ""},
		"one, the author not known": {"other@example.com", []int{1}, false, "two persons"},
		"two, the author not known": {"other@example.com", []int{0, 1}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newApprovalWorld(t)
			people := []approver{w.approver(), w.approver()}
			w.cfg.Sources[0].Approvals.FourEyes = true
			w.cfg.Sources[0].Approvals.People = map[string]string{c.author: people[0].entity}
			id := w.pendingID()
			for _, i := range c.persons {
				people[i].approve(id)
			}
			rep := w.sync(true)
			if rep.Approved != c.want || !strings.Contains(strings.Join(rep.NotApproved, " "), c.cause) {
				t.Errorf("approved %v, %q:\n%s", rep.Approved, rep.NotApproved, w.text())
			}
			if rep.Approved && len(rep.Approvals) != len(c.persons) {
				t.Errorf("approvals: %+v", rep.Approvals)
			}
		})
	}
}
