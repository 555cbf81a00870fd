// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// refuseHistory lets a plan wait for approval if its commit does not descend from each
// commit that the wanted secrets were last written from. What is known of the commits
// before is in the records, so that it survives a restart and is the same on every
// replica; a commit that changed no secret leaves no trace. An approval updates the
// record of every secret that stays as it is: the new history is the known one then.
func (in Input) refuseHistory(actions []Action) []Action {
	cause := ""
	for _, a := range actions {
		if cause = in.diverges(a); cause != "" {
			break
		}
	}
	if cause == "" {
		return actions
	}
	for i, a := range actions {
		switch {
		case a.Kind.Writes(), a.Kind.UpdatesRecord(), a.Kind.Removes():
			actions[i] = a.pending(a.Kind, cause)
		case a.Kind == PendingApproval:
			actions[i].Cause += "; " + cause
		case in.diverges(a) != "":
			actions[i] = a.pending(Reencrypted, cause)
		}
	}
	return actions
}

// diverges is the cause if a secret that the plan keeps or writes was last written
// from a commit that this one does not descend from, and empty otherwise.
func (in Input) diverges(a Action) string {
	last, recorded := a.Entry.Records[in.Owner]
	switch {
	case a.Want == nil || !recorded || a.Verdict.State == secrets.Absent, a.Kind == Drift, a.Kind == Adopt, a.Kind == Blocked:
		return ""
	}
	switch descends, known := in.Descends[last.Revision]; {
	case descends:
		return ""
	case known:
		return fmt.Sprintf("this commit does not descend from %s, which secrets were written from (history was rewritten, and the source sets history: refuse)", Short(last.Revision))
	}
	return fmt.Sprintf("it is unknown whether this commit descends from %s, which secrets were written from, and the source sets history: refuse", Short(last.Revision))
}
