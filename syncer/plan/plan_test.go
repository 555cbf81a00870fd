// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
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
	rewritten := map[string]bool{strange: false}
	undeleted := by(us, 3)
	r = undeleted[us]
	r.Undeleted = true
	undeleted[us] = r
	for _, row := range []struct {
		name  string
		wants []Want
		entry secrets.Entry
		in    Input
		kind  Kind
		cause string
		// approved is what approval makes of it, where the row says so.
		approved Kind
	}{
		{name: "a secret that is not there", wants: want(nil), kind: Add},
		{name: "one as it was written", wants: want(nil), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext", wants: changed, entry: entry(3, by(us, 3)), kind: Change},
		{name: "the same ciphertext under another key", wants: want(func(w *Want) { w.Key1 = "other" }), entry: entry(3, by(us, 3)), kind: Change},
		{name: "overwritten, healed", wants: want(nil), entry: entry(4, by(us, 3)), kind: Repair, cause: "overwritten: version 4"},
		{name: "overwritten, reported", wants: want(nil), entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly}, kind: Drift, cause: "overwritten: version 4"},
		{name: "overwritten and changed in git", wants: changed, entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly}, kind: Change, cause: "overwritten: version 4"},
		{name: "deleted outside", wants: want(nil), entry: dead(entry(3, by(us, 3))), kind: Repair, cause: "deleted at"},
		{name: "another owner's", wants: want(nil), entry: entry(3, by(them, 3)), kind: Blocked, cause: "owned by terraform/shop; delete it there first"},
		{name: "another owner's, dead", wants: want(nil), entry: dead(entry(3, by(them, 3))), kind: Blocked, cause: "owned by terraform/shop"},
		{name: "nobody's, live", wants: want(nil), entry: entry(1, nil), kind: Blocked, cause: "unmanaged"},
		{name: "nobody's, dead", wants: want(nil), entry: dead(entry(1, nil)), kind: Add},
		{name: "our record does not fit", wants: want(nil), entry: entry(2, by(us, 9)), kind: Blocked, cause: "record lost"},
		{name: "sealed before what it would replace", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, by(us, 3)), kind: PendingApproval, cause: "rolls back"},
		{name: "sealed before, but not changed", wants: want(func(w *Want) { w.Sealed = at(-1) }), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext of the same value", wants: resealed, entry: entry(3, fingerprinted), kind: Reencrypted},
		{name: "another ciphertext of the same value, sealed before", wants: olderSeal, entry: entry(3, fingerprinted), kind: Reencrypted},
		{name: "another ciphertext of the same value, overwritten", wants: resealed, entry: entry(4, fingerprinted), kind: Repair, cause: "overwritten"},
		{name: "another ciphertext, and a record without the value's fingerprint", wants: resealed, entry: entry(3, by(us, 3)), kind: Change},
		{name: "the same ciphertext, and a record without the value's fingerprint", wants: want(func(w *Want) { w.HMAC1 = "value" }), entry: entry(3, by(us, 3)), kind: Reencrypted, cause: "fingerprint of the configured key"},
		{name: "the same ciphertext, and no fingerprint key any more", wants: want(nil), entry: entry(3, fingerprinted), kind: Unchanged},
		{name: "the same ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1 = "" }), entry: entry(3, fingerprinted), in: Input{Keyless: true}, kind: Unchanged},
		{name: "another ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1, w.SOPS1 = "", "other" }), entry: entry(3, fingerprinted), in: Input{Keyless: true}, kind: Change, cause: "only a key can show"},
		{
			name: "in a workflow that Vault did not show", wants: want(nil),
			in: Input{Unseen: map[secrets.Scope]error{deploy: errors.New("permission denied")}}, kind: Blocked, cause: "not checked: permission denied",
		},

		{name: "another owner's, adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Adopt, cause: "owned by terraform/shop"},
		{name: "another owner's, only the stranded adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{Adopt: Adoption{Unmanaged: true}}, kind: Blocked, cause: "relay-sync adopt deploy/token"},
		{name: "nobody's, the stranded adopted", wants: want(nil), entry: entry(1, nil), in: Input{Adopt: Adoption{Unmanaged: true}}, kind: Adopt},
		{name: "our own, needlessly adopted", wants: want(nil), entry: entry(3, by(us, 3)), in: Input{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Unchanged},

		{name: "ours that nobody wants", entry: entry(3, by(us, 3)), kind: Delete, cause: "no file of this commit"},
		{name: "ours that nobody wants, in a failed round", entry: entry(3, by(us, 3)), in: Input{Failed: true}, kind: Blocked, cause: "something failed"},
		{name: "ours of a commit that is no ancestor", entry: entry(3, foreignRevision), in: Input{Descends: map[string]bool{strange: false}}, kind: Blocked, cause: "history was rewritten"},
		{name: "ours of a commit that git does not know", entry: entry(3, foreignRevision), kind: Blocked, cause: "git cannot tell"},
		{name: "ours that nobody wants, dead already", entry: dead(entry(3, by(us, 3))), kind: Release, cause: "deleted at"},
		{name: "ours that nobody wants, overwritten", entry: entry(4, by(us, 3)), kind: Release, cause: "the other value stays"},
		{name: "undeleted, and nobody wants it", entry: entry(3, undeleted), kind: PendingApproval, cause: "the secret was undeleted by hand"},
		{name: "undeleted, and the commit has it again", wants: want(nil), entry: entry(3, undeleted), kind: Change, cause: "the secret was undeleted by hand"},
		{name: "ours, where there is contains no manifest", entry: entry(3, by(us, 3)), in: Input{Empty: true}, kind: PendingApproval, cause: "contains no manifest"},
		{name: "of a commit that is no ancestor, followed", wants: changed, entry: entry(3, foreignRevision), in: Input{Descends: rewritten}, kind: Change},
		{name: "of a commit that is no ancestor, refused", wants: changed, entry: entry(3, foreignRevision), in: Input{Descends: rewritten, History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "does not descend from bbbbbbbbbb"},
		{name: "of a commit that git does not know, refused", wants: changed, entry: entry(3, foreignRevision), in: Input{History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "git cannot tell"},
		{name: "the same, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(3, foreignRevision), in: Input{Descends: rewritten, History: RefuseHistory}, kind: PendingApproval, approved: Reencrypted, cause: "history: refuse"},
		{name: "overwritten, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision), in: Input{Descends: rewritten, History: RefuseHistory}, kind: PendingApproval, approved: Repair, cause: "history: refuse"},
		{name: "overwritten and only reported, of a commit that is no ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision), in: Input{Descends: rewritten, History: RefuseHistory, Drift: ReportOnly}, kind: Drift},
		{name: "older, of a commit that is no ancestor, refused", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, foreignRevision), in: Input{Descends: rewritten, History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "rolls back"},
		{name: "of an ancestor, where others are refused", wants: changed, entry: entry(3, by(us, 3)), in: Input{History: RefuseHistory}, kind: Change},
		{name: "new, where rewritten histories are refused", wants: want(nil), in: Input{History: RefuseHistory}, kind: Add},
		{name: "another owner's, where rewritten histories are refused", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{History: RefuseHistory}, kind: Blocked, cause: "owned by"},
		{name: "another owner's that nobody wants", entry: entry(3, by(them, 3))},
		{name: "nobody's that nobody wants", entry: entry(3, nil)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := row.in
			in.Owner, in.Wants, in.Deletes.AllowEmpty = us, row.wants, true
			if in.Descends == nil {
				in.Descends = map[string]bool{older: true}
			}
			if row.entry.Current > 0 {
				in.Observed = map[secrets.Address]secrets.Entry{token: row.entry}
			}
			actions := Make(in)
			if row.kind == "" {
				if len(actions) != 0 {
					t.Errorf("planned %v for a secret that is none of ours", actions)
				}
				return
			}
			if row.approved != "" && actions[0].Approved != row.approved {
				t.Errorf("approved, it becomes %q, want %q", actions[0].Approved, row.approved)
			}
			if len(actions) != 1 || actions[0].Kind != row.kind || !strings.Contains(actions[0].Cause, row.cause) {
				t.Errorf("planned %+v, want %s because %q", actions, row.kind, row.cause)
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
	for _, a := range Make(Input{Owner: us, Wants: wants, Deletes: DeletePolicy{AllowEmpty: true}, Observed: maps.Clone(observed), Descends: map[string]bool{older: true}}) {
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
	input := func(policy DeletePolicy, wants ...string) Input {
		in := Input{
			Owner: us, Deletes: policy, Observed: map[secrets.Address]secrets.Entry{},
			Descends: map[string]bool{older: true},
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
		in   Input
		want string
	}{
		{"within all bounds", input(DeletePolicy{}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"more than max", input(DeletePolicy{Max: number(1)}, "a", "b", "e"), "= a, = b, pending c, pending d, = e"},
		{"none allowed", input(DeletePolicy{Max: number(0)}, "a", "b", "c", "e"), "= a, = b, = c, pending d, = e"},
		{"more than the share", input(DeletePolicy{MaxPercent: number(39)}, "a", "b", "e"), "= a, = b, pending c, pending d, = e"},
		{"just the share", input(DeletePolicy{MaxPercent: number(40)}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"a workflow is emptied, others are not", input(DeletePolicy{}, "a", "b", "c"), "= a, = b, = c, delete d, pending e"},
		{"a workflow may be emptied", input(DeletePolicy{AllowEmpty: true}, "a", "b", "c"), "= a, = b, = c, delete d, delete e"},
		{"a new secret does not make up for it", func() Input {
			in := input(DeletePolicy{}, "e")
			in.Wants = append(in.Wants, Want{Address: token})
			return in
		}(), "delete a, delete b, delete c, delete d, add token, = e"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			actions := Make(row.in)
			if got := kinds(actions); got != row.want {
				t.Errorf("planned %s, want %s", got, row.want)
			}
			id := ID("c", actions)
			if strings.Contains(row.want, "pending") != (id != "") {
				t.Errorf("the plan's id is %q", id)
			}
			if approved := Approve(actions); strings.Contains(kinds(approved), "pending") || ID("c", approved) != "" {
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
		case a.Kind == PendingApproval:
			kind = "pending"
		}
		out = append(out, kind+" "+a.Address.Name)
	}
	return strings.Join(out, ", ")
}

func TestPlanIDMovesWithWhatItWasMadeFrom(t *testing.T) {
	t.Parallel()
	none := 0
	in := Input{
		Owner: us, Deletes: DeletePolicy{Max: &none},
		Observed: map[secrets.Address]secrets.Entry{token: entry(3, by(us, 3))},
		Descends: map[string]bool{older: true},
	}
	id := ID("c1", Make(in))
	if id == "" || id != ID("c1", Make(in)) {
		t.Fatalf("the id is %q, and another the second time", id)
	}
	if id == ID("c2", Make(in)) {
		t.Error("another commit has the same id")
	}
	in.Observed[token] = entry(4, by(us, 4))
	if id == ID("c1", Make(in)) {
		t.Error("another version has the same id")
	}
}

// An older file with the same value must not lower the bar for other old files;
// one that replaces the value on somebody's word does.
func TestTheLaterSealStaysWithTheValue(t *testing.T) {
	t.Parallel()
	w := want(func(w *Want) { w.Sealed = at(-1) })[0]
	for kind, sealed := range map[Kind]time.Time{Reencrypted: noon, Repair: noon, Change: at(-1), Adopt: at(-1)} {
		a := Action{Kind: kind, Address: token, Want: &w, Entry: entry(3, by(us, 3))}
		if got := a.Provenance(us, older).Sealed; !got.Equal(sealed) {
			t.Errorf("%s notes a seal of %s, want %s", kind, got, sealed)
		}
	}
}
