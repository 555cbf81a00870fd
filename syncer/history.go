// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// refuse holds a plan for a commit that does not descend from all those that the
// Required secrets were last written from. What is known of the commits before is
// what the records say, so that it holds after a restart and on every replica; a
// commit that changed no secret has left no trace. Approving it renews the record
// of every secret that stays as it is: the new history is the known one then.
func (in PlanInput) refuse(actions []Action) []Action {
	reason := ""
	for _, a := range actions {
		if reason = in.strays(a); reason != "" {
			break
		}
	}
	if reason == "" {
		return actions
	}
	for i, a := range actions {
		switch {
		case a.Kind.Writes(), a.Kind.Notes(), a.Kind.Removes():
			actions[i] = a.held(a.Kind, reason)
		case a.Approved != "":
			actions[i].Reason += "; " + reason
		case in.strays(a) != "":
			actions[i] = a.held(Reencrypted, reason)
		}
	}
	return actions
}

// strays says that a secret which the plan keeps or writes was last written from a
// commit that this one does not descend from, or "".
func (in PlanInput) strays(a Action) string {
	last, noted := a.Entry.Records[in.Owner]
	switch {
	case a.Want == nil || !noted || a.Verdict.State == secrets.Absent, a.Kind == Drift, a.Kind == Adopt, a.Kind == Blocked && a.Approved == "":
		return ""
	case in.Ancestry[last.Revision] == gitsource.Yes:
		return ""
	case in.Ancestry[last.Revision] == gitsource.No:
		return fmt.Sprintf("held: this commit does not descend from %s, which secrets were written from (history was rewritten, and the source says history: refuse)", short(gitsource.Commit(last.Revision)))
	}
	return fmt.Sprintf("held: whether this commit descends from %s, which secrets were written from, cannot be told, and the source says history: refuse", short(gitsource.Commit(last.Revision)))
}
