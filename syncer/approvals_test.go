// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// approver is a person who may approve the plans of the world's source.
type approver struct {
	w      *world
	entity string
	folder approval.Folder
}

// controllerRules let the world's controller read and remove approvals of a source.
func (w *world) controllerRules(source string) string {
	in := "customers/metadata/" + capability.ApprovalFolder(w.cfg.Controller, source)
	return fmt.Sprintf("path %q { capabilities = [\"list\"] }\npath %q { capabilities = [\"read\", \"patch\"] }", in+"/", in+"/+")
}

// newApprovalWorld is a world with a plan that waits: two deletes of three secrets.
func newApprovalWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, 1)
	w.letApprove()
	one := 1
	w.cfg.Sources[0].Deletes.Max = &one
	w.secretsIn("a.yaml", w.workflow(0), "kept")
	w.secretsIn("b.yaml", w.workflow(0), "first", "second")
	w.applied()
	w.secretsIn("b.yaml", w.workflow(0))
	w.commit()
	return w
}

func (w *world) letApprove() {
	w.t.Helper()
	w.letApproveOf("shop")
}

// letApproveOf gives the controller the rights on approvals of a source.
func (w *world) letApproveOf(source string) {
	w.t.Helper()
	token := w.vault.Token(w.t, writerRules(w), w.controllerRules(source))
	w.cfg.Vault.TokenFile = write(w.t, w.t.TempDir(), "token", token)
}

func writerRules(w *world) string {
	_, answer := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet, "sys/policies/acl/writer", nil)
	return answer["data"].(map[string]any)["policy"].(string)
}

func (w *world) approver() approver {
	w.t.Helper()
	return w.approverOf("shop")
}

// approverOf makes a new person with the rules of an approver of a source.
func (w *world) approverOf(source string) approver {
	w.t.Helper()
	a := w.person(fmt.Sprintf("path %q { capabilities = [\"create\", \"read\", \"patch\"] }",
		capability.ApprovalPath("customers", w.cfg.Controller, source, "{{identity.entity.id}}")))
	a.folder.Source = source
	return a
}

func (w *world) person(rules string) approver {
	w.t.Helper()
	token, entity := w.vault.Person(w.t, rules)
	store, err := vaultclient.ConnectMetadata(vaultclient.Settings{Address: w.vault.Address, Token: token})
	if err != nil {
		w.t.Fatal(err)
	}
	return approver{w, entity, approval.Folder{Store: store, Mount: "customers", Controller: w.cfg.Controller, Source: "shop"}}
}

// note is the person's note for a plan.
func (a approver) note(planID string) approval.Note {
	return approval.Note{Entity: a.entity, Plan: planID, Time: time.Now().Truncate(time.Second), Reason: "CHG-1"}
}

func (a approver) approve(planID string) {
	a.w.t.Helper()
	a.store(a.note(planID))
}

func (a approver) store(n approval.Note) {
	a.w.t.Helper()
	if err := a.folder.Approve(a.w.t.Context(), n); err != nil {
		a.w.t.Fatal(err)
	}
}

// has reports whether the person's note is still in Vault.
func (a approver) has() bool {
	a.w.t.Helper()
	_, answer := a.w.vault.Call(a.w.t, a.w.vault.RootToken, http.MethodGet, capability.ApprovalPath("customers", a.w.cfg.Controller, a.folder.Source, a.entity), nil)
	data, _ := answer["data"].(map[string]any)
	custom, _ := data["custom_metadata"].(map[string]any)
	return custom["approve"] != nil
}

// pendingID is the id of the plan that waits.
func (w *world) pendingID() string {
	w.t.Helper()
	rep := w.sync(false)
	if rep.PlanID == "" || rep.PlanID != rep.Plan.ID() {
		w.t.Fatalf("nothing waits:\n%s", w.text())
	}
	return rep.PlanID
}

func TestApprovalAppliesThePlanOnce(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	w.secretsIn("c.yaml", w.workflow(0), "added")
	w.commit()
	first := w.sync(true) // applies the rest
	id := w.pendingID()
	if first.Approved || first.Summary().PendingApproval != 2 || first.Summary().Add != 1 || first.PlanID != id {
		t.Fatalf("before the approval: %q, planned %q\n%s", first.PlanID, id, w.text())
	}
	ada.approve(id)
	if rep := w.sync(false); rep.Approved || !ada.has() {
		t.Errorf("a plan uses the approval:\n%s", w.text())
	}
	rep := w.sync(true)
	if !rep.Approved || rep.Outcome() != report.Clean || rep.Approvals[0].Entity != ada.entity || !strings.Contains(w.text(), "CHG-1") {
		t.Errorf("with the approval: %+v\n%s", rep.Approvals, w.text())
	}
	w.gone(w.workflow(0), "first", "second")
	w.live(w.workflow(0), "kept")
	if ada.has() {
		t.Error("the approval is still in Vault")
	}
	w.proxy.AssertBlind(t)
}

// TestApprovalIsNotReplayed: an approved delete, undone in an emergency by a command that
// knows no record, waits again.
func TestApprovalIsNotReplayed(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	id := w.pendingID()
	ada.approve(id)
	w.sync(true)
	w.vault.Undelete(t, w.workflow(0), "first", 1)
	w.vault.Undelete(t, w.workflow(0), "second", 1)
	if rep := w.sync(true); rep.Approved {
		t.Errorf("deleted again:\n%s", w.text())
	}
	w.live(w.workflow(0), "first", "second")
}

// TestApprovalDuringTheApplyIsRemoved: a second person who approves twice approves once.
func TestApprovalDuringTheApplyIsRemoved(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada, bob := w.approver(), w.approver()
	id := w.pendingID()
	ada.approve(id)
	var late sync.Once
	approved := false
	w.proxy.Hook(func(_ int, r *http.Request) (a vaulttest.Action) {
		if strings.Contains(r.URL.Path, "/delete/") {
			late.Do(func() {
				bob.approve(id)
				approved = true
			})
		}
		return a
	})
	if rep := w.sync(true); !rep.Approved {
		t.Fatalf("not applied:\n%s", w.text())
	}
	if late.Do(func() {}); !approved {
		t.Fatal("nothing was deleted")
	}
	if bob.has() {
		t.Error("the approval that came too late can approve the same plan again")
	}
}

// otherDigit is a hexadecimal digit that is not this one.
func otherDigit(digit string) string {
	if digit == "0" {
		return "1"
	}
	return "0"
}

func TestApprovalDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*approval.Note)
		cause  string
	}{
		"expired":            {func(n *approval.Note) { n.Time = n.Time.Add(-time.Hour) }, "it expired at "},
		"from the future":    {func(n *approval.Note) { n.Time = n.Time.Add(3 * time.Minute) }, "is in the future; check the clock of the machine that wrote it"},
		"for another plan":   {func(n *approval.Note) { n.Plan = strings.Repeat("0", 64) }, ""},
		"for a similar plan": {func(n *approval.Note) { n.Plan = n.Plan[:63] + otherDigit(n.Plan[63:]) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newApprovalWorld(t)
			ada := w.approver()
			n := ada.note(w.pendingID())
			c.change(&n)
			ada.store(n)
			rep := w.sync(true)
			if rep.Approved || rep.Summary().PendingApproval != 2 || !strings.Contains(strings.Join(rep.NotApproved, " "), c.cause) {
				t.Errorf("%q:\n%s", rep.NotApproved, w.text())
			}
			if c.cause == "it expired at " && !strings.Contains(w.text(), "; approve again") {
				t.Error("no advice")
			}
			w.live(w.workflow(0), "first", "second")
		})
	}
}

// TestOnlyAnApproverApproves: Vault refuses the others, on their own path and on that of
// an approver.
func TestOnlyAnApproverApproves(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	id := w.pendingID()
	ada.approve(strings.Repeat("0", 64)) // so that there is a path to patch
	till := w.approverOf("till")
	till.folder.Source = "shop"
	for name, who := range map[string]approver{
		"a writer": w.person(writerRules(w)), "a person without rights": w.person(`path "x" { capabilities = ["read"] }`), "an approver of another source": till, "an approver": w.approver(),
	} {
		own, others := who.note(id), who.note(id)
		others.Entity = ada.entity
		if name != "an approver" {
			if err := who.folder.Approve(t.Context(), own); !errors.Is(err, kv.ErrPermissionDenied) || !strings.Contains(err.Error(), "{{identity.entity.id}}") {
				t.Errorf("%s approves: %v", name, err)
			}
		}
		if err := who.folder.Approve(t.Context(), others); !errors.Is(err, kv.ErrPermissionDenied) {
			t.Errorf("%s approves as another person: %v", name, err)
		}
	}
	if rep := w.sync(true); rep.Approved {
		t.Errorf("approved:\n%s", w.text())
	}
}

// TestControllerWithoutTheRightsKeepsThePlanPending, and names the missing line.
func TestControllerWithoutTheRightsKeepsThePlanPending(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	id := w.pendingID()
	ada.approve(id)
	w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.vault.Writer(t))
	rep := w.sync(true)
	if rep.Approved || !strings.Contains(w.text(), capability.ApprovalFolder(w.cfg.Controller, "shop")+`/" { capabilities = ["list"] }`) {
		t.Errorf("the sync:\n%s", w.text())
	}
	if again := w.ask(Request{Apply: true, Approve: id}); !again.Approved {
		t.Errorf("the operator of the controller approves:\n%s", w.text())
	}
}

func TestApprovalAfterAForcePushBackIsForAnotherPlan(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	ada := w.approver()
	first := w.pendingID()
	head := strings.TrimSpace(w.run("git", "rev-parse", "HEAD"))
	ada.approve(first)
	w.secretsIn("b.yaml", w.workflow(0), "first")
	w.applied() // one delete is within the limit
	w.run("git", "reset", "-q", "--hard", head)
	w.cfg.Sources[0].Deletes.Max = new(int)
	if second := w.pendingID(); second == first {
		t.Fatal("the plan is the same although Vault has changed")
	}
	if rep := w.sync(true); rep.Approved {
		t.Errorf("approved:\n%s", w.text())
	}
	w.live(w.workflow(0), "first")
}

// TestPlanOfABusyBranchStaysTheSame: commits of other files need no new approval.
func TestPlanOfABusyBranchStaysTheSame(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	id := w.pendingID()
	write(t, w.repo, "README", "more")
	w.commit()
	if again := w.pendingID(); again != id {
		t.Error("a commit of another file changes the id")
	}
	w.secretsIn("c.yaml", w.workflow(0), "more")
	w.commit()
	if again := w.pendingID(); again == id {
		t.Error("a commit of a manifest does not change the id")
	}
}

func TestOldApprovalsDoNotMatter(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	id := w.pendingID()
	ada := w.approver()
	for i := range 100 {
		w.vault.Call(t, w.vault.RootToken, http.MethodPost, capability.ApprovalPath("customers", w.cfg.Controller, "shop", fmt.Sprintf("old-%d", i)),
			map[string]any{"custom_metadata": map[string]string{"approve": "plan=" + strings.Repeat("1", 64) + " time=2026-01-01T00:00:00Z reason=old"}})
	}
	ada.approve(id)
	if rep := w.sync(true); !rep.Approved {
		t.Errorf("not approved:\n%s", w.text())
	}
}
