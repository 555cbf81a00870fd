// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

const (
	us   secrets.Owner = "gitops/cluster-1/shop"
	them secrets.Owner = "terraform/shop"
)

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	older   = strings.Repeat("a", 40)
	strange = strings.Repeat("b", 40)
	deploy  = secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}
	token   = deploy.Secret("token")
)

func at(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func note() secrets.Provenance {
	return secrets.Provenance{Revision: older, Origin: "a.yaml", Sealed: noon, SOPS1: "same", Key1: "key"}
}

// entry is a secret of n live versions whose records are as given.
func entry(n int, records map[secrets.Owner]secrets.Record) secrets.Entry {
	e := secrets.Entry{Current: n, Versions: map[int]secrets.Version{}, Records: records, Date: at(600)}
	for i := 1; i <= n; i++ {
		e.Versions[i] = secrets.Version{Created: at(i)}
	}
	return e
}

func dead(e secrets.Entry) secrets.Entry {
	e.Versions[e.Current] = secrets.Version{Created: at(e.Current), Deleted: at(300)}
	return e
}

func by(owner secrets.Owner, version int) map[secrets.Owner]secrets.Record {
	return map[secrets.Owner]secrets.Record{owner: {Version: version, Time: at(version), Provenance: note()}}
}

func want(change func(*Want)) []Want {
	w := Want{Address: token, File: "a.yaml", Line: 3, Sealed: noon, SOPS1: "same", Key1: "key"}
	if change != nil {
		change(&w)
	}
	return []Want{w}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	changed := want(func(w *Want) { w.SOPS1 = "other" })
	resealed := want(func(w *Want) { w.SOPS1, w.Key1, w.HMAC1 = "other", "other", "value" })
	olderSeal := want(func(w *Want) { w.SOPS1, w.Key1, w.HMAC1, w.Sealed = "other", "other", "value", at(-1) })
	fingerprinted := by(us, 3)
	f := fingerprinted[us]
	f.HMAC1 = "value"
	fingerprinted[us] = f
	foreignRevision := by(us, 3)
	r := foreignRevision[us]
	r.Revision = strange
	foreignRevision[us] = r
	rewritten := map[string]gitsource.Ancestry{strange: gitsource.No}
	undeleted := by(us, 3)
	r = undeleted[us]
	r.Undeleted = true
	undeleted[us] = r
	for _, row := range []struct {
		name   string
		wants  []Want
		entry  secrets.Entry
		in     PlanInput
		kind   Kind
		reason string
		// approved is what approval makes of it, where the row says so.
		approved Kind
	}{
		{name: "a secret that is not there", wants: want(nil), kind: Add},
		{name: "one as it was written", wants: want(nil), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext", wants: changed, entry: entry(3, by(us, 3)), kind: Change},
		{name: "the same ciphertext under another key", wants: want(func(w *Want) { w.Key1 = "other" }), entry: entry(3, by(us, 3)), kind: Change},
		{name: "overwritten, healed", wants: want(nil), entry: entry(4, by(us, 3)), kind: Repair, reason: "overwritten: version 4"},
		{name: "overwritten, reported", wants: want(nil), entry: entry(4, by(us, 3)), in: PlanInput{Drift: plan.ReportOnly}, kind: Drift, reason: "overwritten: version 4"},
		{name: "overwritten and changed in git", wants: changed, entry: entry(4, by(us, 3)), in: PlanInput{Drift: plan.ReportOnly}, kind: Change, reason: "overwritten: version 4"},
		{name: "deleted outside", wants: want(nil), entry: dead(entry(3, by(us, 3))), kind: Repair, reason: "deleted at"},
		{name: "another owner's", wants: want(nil), entry: entry(3, by(them, 3)), kind: Blocked, reason: "owned by terraform/shop; delete it there first"},
		{name: "another owner's, dead", wants: want(nil), entry: dead(entry(3, by(them, 3))), kind: Blocked, reason: "owned by terraform/shop"},
		{name: "nobody's, live", wants: want(nil), entry: entry(1, nil), kind: Blocked, reason: "unmanaged"},
		{name: "nobody's, dead", wants: want(nil), entry: dead(entry(1, nil)), kind: Add},
		{name: "our record does not fit", wants: want(nil), entry: entry(2, by(us, 9)), kind: Blocked, reason: "record lost"},
		{name: "sealed before what it would replace", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, by(us, 3)), kind: Blocked, reason: "rolls back"},
		{name: "sealed before, but not changed", wants: want(func(w *Want) { w.Sealed = at(-1) }), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext of the same value", wants: resealed, entry: entry(3, fingerprinted), kind: Reencrypted},
		{name: "another ciphertext of the same value, sealed before", wants: olderSeal, entry: entry(3, fingerprinted), kind: Reencrypted},
		{name: "another ciphertext of the same value, overwritten", wants: resealed, entry: entry(4, fingerprinted), kind: Repair, reason: "overwritten"},
		{name: "another ciphertext, and a record without the value's fingerprint", wants: resealed, entry: entry(3, by(us, 3)), kind: Change},
		{name: "the same ciphertext, and a record without the value's fingerprint", wants: want(func(w *Want) { w.HMAC1 = "value" }), entry: entry(3, by(us, 3)), kind: Reencrypted, reason: "fingerprint of the configured key"},
		{name: "the same ciphertext, and no fingerprint key any more", wants: want(nil), entry: entry(3, fingerprinted), kind: Unchanged},
		{name: "the same ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1 = "" }), entry: entry(3, fingerprinted), in: PlanInput{Keyless: true}, kind: Unchanged},
		{name: "another ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1, w.SOPS1 = "", "other" }), entry: entry(3, fingerprinted), in: PlanInput{Keyless: true}, kind: Change, reason: "maybe changed"},
		{
			name: "in a workflow that Vault did not show", wants: want(nil),
			in: PlanInput{Unseen: map[secrets.Scope]error{deploy: errors.New("permission denied")}}, kind: Blocked, reason: "not checked: permission denied",
		},

		{name: "another owner's, adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: PlanInput{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Adopt, reason: "owned by terraform/shop"},
		{name: "another owner's, only unmanaged adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: PlanInput{Adopt: Adoption{Unmanaged: true}}, kind: Blocked, reason: "relay-sync adopt deploy/token"},
		{name: "nobody's, unmanaged adopted", wants: want(nil), entry: entry(1, nil), in: PlanInput{Adopt: Adoption{Unmanaged: true}}, kind: Adopt},
		{name: "our own, needlessly adopted", wants: want(nil), entry: entry(3, by(us, 3)), in: PlanInput{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Unchanged},

		{name: "ours that nobody wants", entry: entry(3, by(us, 3)), kind: Delete, reason: "no file of this commit"},
		{name: "ours that nobody wants, in a failed round", entry: entry(3, by(us, 3)), in: PlanInput{Failed: true}, kind: Blocked, reason: "something failed"},
		{name: "ours of a commit that is no ancestor", entry: entry(3, foreignRevision), in: PlanInput{Ancestry: map[string]gitsource.Ancestry{strange: gitsource.No}}, kind: Blocked, reason: "history was rewritten"},
		{name: "ours of a commit that git does not know", entry: entry(3, foreignRevision), kind: Blocked, reason: "cannot be told"},
		{name: "ours that nobody wants, dead already", entry: dead(entry(3, by(us, 3))), kind: Release, reason: "deleted at"},
		{name: "ours that nobody wants, overwritten", entry: entry(4, by(us, 3)), kind: Release, reason: "the other value stays"},
		{name: "undeleted, and nobody wants it", entry: entry(3, undeleted), kind: Blocked, reason: "it was undeleted by hand"},
		{name: "undeleted, and the commit has it again", wants: want(nil), entry: entry(3, undeleted), kind: Change, reason: "it was undeleted by hand"},
		{name: "ours, where there is no manifest at all", entry: entry(3, by(us, 3)), in: PlanInput{Empty: true}, kind: Blocked, reason: "no manifest at all"},
		{name: "of a commit that is no ancestor, followed", wants: changed, entry: entry(3, foreignRevision), in: PlanInput{Ancestry: rewritten}, kind: Change},
		{name: "of a commit that is no ancestor, refused", wants: changed, entry: entry(3, foreignRevision), in: PlanInput{Ancestry: rewritten, History: plan.RefuseHistory}, kind: Blocked, approved: Change, reason: "does not descend from bbbbbbbbbb"},
		{name: "of a commit that git does not know, refused", wants: changed, entry: entry(3, foreignRevision), in: PlanInput{History: plan.RefuseHistory}, kind: Blocked, approved: Change, reason: "cannot be told"},
		{name: "the same, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(3, foreignRevision), in: PlanInput{Ancestry: rewritten, History: plan.RefuseHistory}, kind: Blocked, approved: Reencrypted, reason: "history: refuse"},
		{name: "overwritten, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision), in: PlanInput{Ancestry: rewritten, History: plan.RefuseHistory}, kind: Blocked, approved: Repair, reason: "history: refuse"},
		{name: "overwritten and only reported, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision), in: PlanInput{Ancestry: rewritten, History: plan.RefuseHistory, Drift: plan.ReportOnly}, kind: Drift},
		{name: "older, of a commit that is no ancestor, refused", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, foreignRevision), in: PlanInput{Ancestry: rewritten, History: plan.RefuseHistory}, kind: Blocked, approved: Change, reason: "rolls back"},
		{name: "of an ancestor, where others are refused", wants: changed, entry: entry(3, by(us, 3)), in: PlanInput{History: plan.RefuseHistory}, kind: Change},
		{name: "new, where rewritten histories are refused", wants: want(nil), in: PlanInput{History: plan.RefuseHistory}, kind: Add},
		{name: "another owner's, where rewritten histories are refused", wants: want(nil), entry: entry(3, by(them, 3)), in: PlanInput{History: plan.RefuseHistory}, kind: Blocked, reason: "owned by"},
		{name: "another owner's that nobody wants", entry: entry(3, by(them, 3))},
		{name: "nobody's that nobody wants", entry: entry(3, nil)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := row.in
			in.Owner, in.Wants, in.Deletes.AllowEmpty = us, row.wants, true
			if in.Ancestry == nil {
				in.Ancestry = map[string]gitsource.Ancestry{older: gitsource.Yes}
			}
			if row.entry.Current > 0 {
				in.Observed = map[secrets.Address]secrets.Entry{token: row.entry}
			}
			actions := Plan(in)
			if row.kind == "" {
				if len(actions) != 0 {
					t.Errorf("planned %v for a secret that is none of ours", actions)
				}
				return
			}
			if row.approved != "" && actions[0].Approved != row.approved {
				t.Errorf("approved, it becomes %q, want %q", actions[0].Approved, row.approved)
			}
			if len(actions) != 1 || actions[0].Kind != row.kind || !strings.Contains(actions[0].Reason, row.reason) {
				t.Errorf("planned %+v, want %s because %q", actions, row.kind, row.reason)
			}
		})
	}
}

func TestPlanIsInOrderOfAddress(t *testing.T) {
	t.Parallel()
	observed := map[secrets.Address]secrets.Entry{}
	for _, name := range []string{"d", "b"} {
		observed[deploy.Secret(name)] = entry(1, by(us, 1))
	}
	var wants []Want
	for _, name := range []string{"a", "c", "e"} {
		wants = append(wants, Want{Address: deploy.Secret(name)})
	}
	var got []string
	for _, a := range Plan(PlanInput{Owner: us, Wants: wants, Deletes: plan.DeletePolicy{AllowEmpty: true}, Observed: maps.Clone(observed), Ancestry: map[string]gitsource.Ancestry{older: gitsource.Yes}}) {
		got = append(got, string(a.Kind)+" "+a.Address.Name)
	}
	if s := strings.Join(got, ", "); s != "add a, delete b, add c, delete d, add e" {
		t.Errorf("planned %s", s)
	}
}

func TestDeletesAreLimited(t *testing.T) {
	t.Parallel()
	number := func(n int) *int { return &n }
	// Four of ours in deploy, one in other; some are still wanted.
	input := func(policy plan.DeletePolicy, wants ...string) PlanInput {
		in := PlanInput{
			Owner: us, Deletes: policy, Observed: map[secrets.Address]secrets.Entry{},
			Ancestry: map[string]gitsource.Ancestry{older: gitsource.Yes},
		}
		other := deploy
		other.Group = "other"
		for _, address := range []secrets.Address{deploy.Secret("a"), deploy.Secret("b"), deploy.Secret("c"), deploy.Secret("d"), other.Secret("e")} {
			in.Observed[address] = entry(1, by(us, 1))
			if slices.Contains(wants, address.Name) {
				in.Wants = append(in.Wants, Want{Address: address, SOPS1: "same", Key1: "key", Sealed: noon})
			}
		}
		return in
	}
	for _, row := range []struct {
		name string
		in   PlanInput
		want string
	}{
		{"within all bounds", input(plan.DeletePolicy{}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"more than max", input(plan.DeletePolicy{Max: number(1)}, "a", "b", "e"), "= a, = b, held c, held d, = e"},
		{"none allowed", input(plan.DeletePolicy{Max: number(0)}, "a", "b", "c", "e"), "= a, = b, = c, held d, = e"},
		{"more than the share", input(plan.DeletePolicy{MaxPercent: number(39)}, "a", "b", "e"), "= a, = b, held c, held d, = e"},
		{"just the share", input(plan.DeletePolicy{MaxPercent: number(40)}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"a workflow is emptied, others are not", input(plan.DeletePolicy{}, "a", "b", "c"), "= a, = b, = c, delete d, held e"},
		{"a workflow may be emptied", input(plan.DeletePolicy{AllowEmpty: true}, "a", "b", "c"), "= a, = b, = c, delete d, delete e"},
		{"a new secret does not make up for it", func() PlanInput {
			in := input(plan.DeletePolicy{}, "e")
			in.Wants = append(in.Wants, Want{Address: token})
			return in
		}(), "delete a, delete b, delete c, delete d, add token, = e"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			actions := Plan(row.in)
			if got := kinds(actions); got != row.want {
				t.Errorf("planned %s, want %s", got, row.want)
			}
			id := PlanID("c", actions)
			if strings.Contains(row.want, "held") != (id != "") {
				t.Errorf("the plan's id is %q", id)
			}
			if approved := Approve(actions); strings.Contains(kinds(approved), "held") || PlanID("c", approved) != "" {
				t.Errorf("something waits after the approval: %s", kinds(approved))
			}
		})
	}
}

func kinds(actions []Action) string {
	var out []string
	for _, a := range actions {
		kind := string(a.Kind)
		switch {
		case a.Kind == Unchanged:
			kind = "="
		case a.Approved != "":
			kind = "held"
		}
		out = append(out, kind+" "+a.Address.Name)
	}
	return strings.Join(out, ", ")
}

func TestPlanIDMovesWithWhatItWasMadeFrom(t *testing.T) {
	t.Parallel()
	none := 0
	in := PlanInput{
		Owner: us, Deletes: plan.DeletePolicy{Max: &none},
		Observed: map[secrets.Address]secrets.Entry{token: entry(3, by(us, 3))},
		Ancestry: map[string]gitsource.Ancestry{older: gitsource.Yes},
	}
	id := PlanID("c1", Plan(in))
	if id == "" || id != PlanID("c1", Plan(in)) {
		t.Fatalf("the id is %q, and another the second time", id)
	}
	if id == PlanID("c2", Plan(in)) {
		t.Error("another commit has the same id")
	}
	in.Observed[token] = entry(4, by(us, 4))
	if id == PlanID("c1", Plan(in)) {
		t.Error("another version has the same id")
	}
}

func TestClaimsOfTwoFilesAreBothLeftOut(t *testing.T) {
	t.Parallel()
	var d Desired
	d.settle([]Want{
		{Address: token, File: "b.yaml", Line: 7},
		{Address: deploy.Secret("alone"), File: "b.yaml", Line: 9},
		{Address: token, File: "a.yaml", Line: 3},
	})
	if len(d.Wants) != 1 || d.Wants[0].Address.Name != "alone" {
		t.Errorf("wanted: %v", d.Wants)
	}
	if len(d.Failures) != 1 || !strings.Contains(d.Failures[0].Err.Error(), "b.yaml:7, a.yaml:3") {
		t.Errorf("failures: %v", d.Failures)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	one := func(kind Kind, applied bool) Report {
		return Report{Applied: applied, Results: []Result{{Action: Action{Kind: kind, Verdict: secrets.Verdict{State: secrets.InSync}}}}}
	}
	failed := one(Add, true)
	failed.Results[0].Err = errors.New("conflict")
	refused := one(Unchanged, false)
	refused.Failures = []Failure{{File: "a.yaml", Err: errors.New("bad")}}
	for _, row := range []struct {
		name   string
		report Report
		want   Outcome
	}{
		{"nothing to do", one(Unchanged, false), Clean},
		{"a plan with changes", one(Add, false), Pending},
		{"a plan with something blocked", one(Blocked, false), Pending},
		{"changes carried out", one(Change, true), Clean},
		{"drift that was left", one(Drift, true), Pending},
		{"something blocked in an applied round", one(Blocked, true), Failed},
		{"a write that failed", failed, Failed},
		{"a plan with a refused file", refused, Failed},
		{"a round that did not come to a plan", Report{Err: errors.New("sealed")}, Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.report.Outcome(); got != row.want {
				t.Errorf("outcome %d, want %d", got, row.want)
			}
		})
	}
	if got := Worst([]Report{one(Unchanged, false), failed, one(Add, false)}); got != Failed {
		t.Errorf("the worst of three is %d", got)
	}
	if got := Worst([]Report{one(Add, false), one(Unchanged, false)}); got != Pending {
		t.Errorf("the worst of two is %d", got)
	}
}

// An older file with the same value must not lower the bar for other old files;
// one that replaces the value on somebody's word does.
func TestTheLaterSealStaysWithTheValue(t *testing.T) {
	t.Parallel()
	w := want(func(w *Want) { w.Sealed = at(-1) })[0]
	for kind, sealed := range map[Kind]time.Time{Reencrypted: noon, Repair: noon, Change: at(-1), Adopt: at(-1)} {
		a := Action{Kind: kind, Address: token, Want: &w, Entry: entry(3, by(us, 3))}
		if got := a.note(us, gitsource.Commit(older)).Sealed; !got.Equal(sealed) {
			t.Errorf("%s notes a seal of %s, want %s", kind, got, sealed)
		}
	}
}
