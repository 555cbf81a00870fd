// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestHandOver(t *testing.T) {
	t.Parallel()
	former := func(change func(*Former)) Input {
		f := Former{Source: "till", Owner: them}
		change(&f)
		return Input{Formers: map[secrets.Address]Former{token: f}}
	}
	elsewhere := func(e Elsewhere) Input { return Input{Elsewhere: map[secrets.Address]Elsewhere{token: e}} }
	refused := former(func(*Former) {})
	refused.History = RefuseHistory
	adopted := former(func(f *Former) { f.Waits = "suspended" })
	adopted.Adopt.Addresses = map[secrets.Address]bool{token: true}
	failed := elsewhere(Elsewhere{Source: "till"})
	failed.Failed = true
	checkRows(t, []planRow{
		{name: "given up by the former source", wants: want(nil), entry: entry(3, by(them, 3)), in: former(func(*Former) {}), kind: HandOver, cause: "from source till"},
		{name: "given up, where rewritten histories are refused", wants: want(nil), entry: entry(3, by(them, 3)), in: refused, kind: HandOver},
		{name: "given up, overwritten", wants: want(nil), entry: entry(4, by(them, 3)), in: former(func(*Former) {}), kind: HandOver},
		{name: "given up, the file is older", wants: want(func(w *Want) { w.Sealed = at(-1) }), entry: entry(3, by(them, 3)), in: former(func(*Former) {}), kind: PendingApproval, approved: HandOver, cause: "rolls back"},
		{name: "not given up", wants: want(nil), entry: entry(3, by(them, 3)), in: former(func(f *Former) { f.Waits = "suspended" }), kind: PendingHandOver, cause: "source till does not give it up: suspended; to take it over now: relay-sync adopt deploy/token"},
		{name: "not given up, adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: adopted, kind: Adopt},
		{name: "wanted by both", wants: want(nil), entry: entry(3, by(them, 3)), in: former(func(f *Former) { f.Wants = true }), kind: Blocked, cause: "source till wants it, too; remove it"},
		{name: "unwanted here, wanted elsewhere", entry: entry(3, by(us, 3)), in: elsewhere(Elsewhere{Source: "till"}), kind: PendingHandOver, cause: "source till wants it and takes it over"},
		{name: "unwanted here and overwritten, wanted elsewhere", entry: entry(4, by(us, 3)), in: elsewhere(Elsewhere{Source: "till"}), kind: PendingHandOver},
		{name: "undeleted, wanted elsewhere", entry: entry(3, undeleted()), in: elsewhere(Elsewhere{Source: "till"}), kind: PendingHandOver},
		{name: "unwanted here, perhaps wanted elsewhere", entry: entry(3, by(us, 3)), in: elsewhere(Elsewhere{Source: "till", Unreadable: "b.yaml: no key"}), kind: PendingHandOver, cause: "source till may want it: b.yaml: no key"},
		{name: "unwanted here, wanted elsewhere for too long", entry: entry(3, by(us, 3)), in: elsewhere(Elsewhere{Source: "till", Overdue: true}), kind: PendingApproval, approved: Delete, cause: "but has not done so for a drift interval"},
		{name: "dead, wanted elsewhere for too long", entry: dead(entry(3, by(us, 3))), in: elsewhere(Elsewhere{Source: "till", Overdue: true}), kind: PendingApproval, approved: Release},
		{name: "unwanted here, wanted elsewhere, in a failed sync", entry: entry(3, by(us, 3)), in: failed, kind: Blocked, cause: "something failed"},
	})
}

// Only what the former source's own plan would delete or release now is given up.
func TestFormerGivesUpWhatItsPlanRemoves(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		actions []Action
		problem string
		want    Former
	}{
		"deletes it":        {actions: []Action{{Kind: Delete, Address: token}}},
		"releases it":       {actions: []Action{{Kind: Release, Address: token}}},
		"wants it":          {actions: []Action{{Kind: Unchanged, Address: token, Want: &Want{}}}, want: Former{Wants: true}},
		"wants to add it":   {actions: []Action{{Kind: Add, Address: token, Want: &Want{}}}, want: Former{Wants: true}},
		"waits":             {actions: []Action{Action{Kind: Delete, Address: token}.pending(guard{why: "too many", instead: "; put it back"})}, want: Former{Waits: "too many"}},
		"is blocked":        {actions: []Action{{Kind: Blocked, Address: token, Cause: "failed"}}, want: Former{Waits: "failed"}},
		"removes others":    {actions: []Action{{Kind: Delete, Address: deploy.Secret("other")}}, want: Former{Waits: "its plan does not contain it"}},
		"has no plan":       {actions: []Action{{Kind: Delete, Address: token}}, problem: "no repository", want: Former{Waits: "no repository"}},
		"has nothing to do": {want: Former{Waits: "its plan does not contain it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.want.Source, row.want.Owner = "till", them
			in := Input{Descends: map[string]bool{older: true}}
			for i := range row.actions {
				row.actions[i].Entry = entry(3, by(them, 3))
			}
			if got := in.FormerOf("till", them, token, row.actions, row.problem); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if got := (Input{}).FormerOf("till", them, token, row.actions, row.problem); got.Waits == "" && !got.Wants {
				t.Errorf("without the ancestry: %+v", got)
			}
		})
	}
}
