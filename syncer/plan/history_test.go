// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// TestRewrittenHistoryMakesTheWholePlanPending has one secret of a lost history among others.
func TestRewrittenHistoryMakesTheWholePlanPending(t *testing.T) {
	t.Parallel()
	lost := by(us, 1)
	r := lost[us]
	r.Revision = strange
	lost[us] = r
	in := Input{
		Owner: us, History: RefuseHistory, Deletes: DeletePolicy{AllowEmpty: true},
		Descends: map[string]bool{older: true, strange: false},
		Observed: map[secrets.Address]secrets.Entry{
			deploy.Secret("as it was"): entry(1, by(us, 1)), deploy.Secret("changed"): entry(1, by(us, 1)),
			deploy.Secret("lost"): entry(1, lost), deploy.Secret("unwanted"): entry(1, by(us, 1)),
		},
	}
	for _, name := range []string{"as it was", "changed", "lost", "new"} {
		w := Want{Address: deploy.Secret(name), Sealed: noon, SOPS1: "same", Key1: "key"}
		if name == "changed" {
			w.SOPS1 = "other"
		}
		in.Wants = append(in.Wants, w)
	}
	describe := func(actions []Action) string {
		var out []string
		for _, a := range actions {
			out = append(out, a.Address.Name+" "+string(a.Kind))
		}
		return strings.Join(out, ", ")
	}
	actions := Make(in)
	if got, want := describe(actions), "as it was unchanged, changed pending approval, lost pending approval, new pending approval, unwanted pending approval"; got != want {
		t.Errorf("planned %s, want %s", got, want)
	}
	if got, want := describe(Approve(actions)), "as it was unchanged, changed change, lost update record, new add, unwanted delete"; got != want {
		t.Errorf("approved %s, want %s", got, want)
	}
}

// TestCommitOfAnotherRepositoryAddsNothingWithoutApproval: it wants only new secrets, and
// those of this repository are in no file of it, or in a file that failed.
func TestCommitOfAnotherRepositoryAddsNothingWithoutApproval(t *testing.T) {
	t.Parallel()
	gone := deploy.Secret("gone")
	for _, row := range []struct {
		name string
		in   Input
		gone secrets.Entry
		want Kind
	}{
		{"pruned", Input{}, entry(3, foreignRevision()), PendingApproval},
		{"not pruned, because a file failed", Input{Failed: true}, entry(3, foreignRevision()), PendingApproval},
		{"in a file that failed", Input{Failed: true, Refused: map[secrets.Address]bool{gone: true}}, entry(3, foreignRevision()), PendingApproval},
		{"of an ancestor", Input{}, entry(3, by(us, 3)), Add},
		{"dead", Input{}, dead(entry(3, foreignRevision())), Add},
		{"overwritten", Input{}, entry(4, foreignRevision()), Add},
		{"of another owner", Input{}, entry(3, by(them, 3)), Add},
		{"wanted by another source", Input{Elsewhere: map[secrets.Address]Elsewhere{gone: {}}}, entry(3, foreignRevision()), Add},
	} {
		in := row.in
		in.Owner, in.History, in.Wants, in.Deletes.AllowEmpty = us, RefuseHistory, want(nil), true
		in.Descends = map[string]bool{older: true}
		in.Observed = map[secrets.Address]secrets.Entry{gone: row.gone}
		for _, a := range Make(in) {
			if a.Want != nil && a.Kind != row.want {
				t.Errorf("a secret of this source is %s: the new one is %s (%s), want %s", row.name, a.Kind, a.Cause, row.want)
			}
		}
	}
}

// TestRecordsMoveToARewrittenHistoryOnlyWithoutAPrune: otherwise each later delete of the
// secrets would wait for approval, or a fork of two commits could prune without one.
func TestRecordsMoveToARewrittenHistoryOnlyWithoutAPrune(t *testing.T) {
	t.Parallel()
	known, unknown := map[string]bool{older: true, strange: false}, map[string]bool{older: true}
	former := func() secrets.Entry { return entry(3, foreignRevision()) }
	for _, row := range []struct {
		name     string
		in       Input
		unwanted map[string]secrets.Entry
		// kind and approved are of a secret that stays, revision what its record has then.
		kind, approved Kind
		revision       string
	}{
		{name: "nothing is pruned", in: Input{Descends: known}, kind: UpdateRecord},
		{name: "one of this history is pruned", in: Input{Descends: known}, unwanted: map[string]secrets.Entry{"gone": entry(3, by(us, 3))}, kind: UpdateRecord},
		{name: "one of the former history would be pruned", in: Input{Descends: known}, unwanted: map[string]secrets.Entry{"gone": former()}, kind: Unchanged, approved: UpdateRecord},
		{name: "one of the former history is dead", in: Input{Descends: known}, unwanted: map[string]secrets.Entry{"gone": dead(former())}, kind: UpdateRecord},
		{name: "one of the former history was overwritten", in: Input{Descends: known}, unwanted: map[string]secrets.Entry{"gone": entry(4, foreignRevision())}, kind: Unchanged, approved: UpdateRecord},
		{name: "the source requires signatures", in: Input{Descends: known, Signed: true}, kind: Unchanged, approved: UpdateRecord},
		{name: "something failed", in: Input{Descends: known, Failed: true}, kind: Unchanged, approved: UpdateRecord},
		{name: "the ancestry is unknown", in: Input{Descends: unknown}, kind: Unchanged, approved: UpdateRecord},
		{name: "a file encrypted again, and a prune", in: Input{Descends: known, Wants: reencrypted()}, unwanted: map[string]secrets.Entry{"gone": former()}, kind: UpdateRecord, revision: strange},
		{name: "a file encrypted again", in: Input{Descends: known, Wants: reencrypted()}, kind: UpdateRecord},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := row.in
			in.Owner, in.Deletes.AllowEmpty = us, true
			stays := former()
			if in.Wants == nil {
				in.Wants = want(nil)
			} else {
				r := stays.Records[us]
				r.HMAC1 = "value"
				stays.Records[us] = r
			}
			in.Observed = map[secrets.Address]secrets.Entry{token: stays}
			for name, e := range row.unwanted {
				in.Observed[deploy.Secret(name)] = e
			}
			actions := Make(in)
			for _, a := range actions {
				if a.Address == token && (a.Kind != row.kind || a.Approved != row.approved || a.Revision != row.revision) {
					t.Errorf("planned %s, approved %q, revision %q", a.Kind, a.Approved, a.Revision)
				}
			}
			for _, a := range Approve(actions) {
				if a.Address == token && (a.Kind != UpdateRecord || a.Provenance(us, "new").Revision != "new") {
					t.Errorf("approved %s with revision %s", a.Kind, a.Provenance(us, "new").Revision)
				}
			}
		})
	}
}
