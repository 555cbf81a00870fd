// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// TestApprovedActionHasTheCauseOfWhatIsDone: the audit file must not contain "not deleted"
// about a delete.
func TestApprovedActionHasTheCauseOfWhatIsDone(t *testing.T) {
	t.Parallel()
	none := 0
	rewritten := map[string]bool{older: true, strange: false}
	for name, row := range map[string]struct {
		wants []Want
		entry secrets.Entry
		in    Input
		kind  Kind
		cause string
	}{
		"of another history": {entry: entry(3, foreignRevision()), in: Input{Descends: rewritten}, kind: Delete, cause: "no file of this commit has it; approved although the secret came from commit bbbbbbbbbb, which this commit does not descend from (history was rewritten)"},
		"of an unknown one":  {entry: entry(3, foreignRevision()), kind: Delete, cause: "no file of this commit has it; approved although it is unknown whether this commit descends from bbbbbbbbbb, which the secret came from: the repository is too shallow, or another one"},
		"undeleted":          {entry: entry(3, undeleted()), kind: Delete, cause: "no file of this commit has it; approved although the secret was undeleted by hand"},
		"too many":           {entry: entry(3, by(us, 3)), in: Input{Deletes: DeletePolicy{Max: &none}}, kind: Delete, cause: "no file of this commit has it; approved although the plan deletes 1 secrets, at most 0 are allowed (deletes.max)"},
		"the last one":       {entry: entry(3, by(us, 3)), kind: Delete, cause: "no file of this commit has it; approved although no secret of this workflow would be left (deletes.allow_empty)"},
		"not taken over":     {entry: entry(3, by(us, 3)), in: Input{Elsewhere: map[secrets.Address]Elsewhere{token: {Source: "till", Overdue: true}}}, kind: Delete, cause: "no file of this commit has it; approved although source till wants it and takes it over, but has not done so for a drift interval"},
		"overwritten":        {entry: entry(4, foreignRevision()), in: Input{Descends: rewritten}, kind: Release, cause: "no file of this commit has it, so the other value stays; approved although overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3, and the secret came from commit bbbbbbbbbb, which this commit does not descend from (history was rewritten)"},
		"an older file":      {wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, by(us, 3)), kind: Change, cause: "approved although it rolls back: the file was encrypted at 2026-11-22T11:59:00Z, the value in Vault comes from one encrypted at 2026-11-22T12:00:00Z"},
		"a refused history":  {wants: want(nil), entry: entry(4, foreignRevision()), in: Input{Descends: rewritten, History: RefuseHistory}, kind: Repair, cause: "overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3; approved although this commit does not descend from bbbbbbbbbb, which secrets were written from (history was rewritten, and the source sets history: refuse)"},
		"its record":         {wants: want(nil), entry: entry(3, foreignRevision()), in: Input{Descends: rewritten, Signed: true}, kind: UpdateRecord, cause: "the value is the same, its record is updated to this commit; approved"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := row.in
			in.Owner, in.Wants, in.Observed = us, row.wants, map[secrets.Address]secrets.Entry{token: row.entry}
			if in.Descends == nil {
				in.Descends = map[string]bool{older: true}
			}
			got := Approve(Make(in))
			if len(got) != 1 || got[0].Kind != row.kind || got[0].Cause != row.cause || got[0].Approved != "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}
