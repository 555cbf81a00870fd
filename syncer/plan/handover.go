// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Former is the other source of the controller that owns a wanted secret, as its own plan
// of this moment decides about it.
type Former struct {
	// Source is its name, Owner its owner.
	Source string
	Owner  secrets.Owner
	// Wants means that its commit has the secret, too.
	Wants bool
	// Waits is why it does not give the secret up; empty if it does, or wants it.
	Waits string
}

// FormerOf judges the plan of the other source, made from in, for one address. problem is
// the cause if the plan could not be made, and empty otherwise. The plan is made as if no
// other source wanted the secret: only what it would delete or release now is given up,
// so that its failures, its guards and the ancestry of its commit count (DESIGN,
// Ownership: Hand-over).
func (in Input) FormerOf(source string, owner secrets.Owner, a secrets.Address, actions []Action, problem string) Former {
	out := Former{Source: source, Owner: owner}
	if problem != "" {
		out.Waits = problem
		return out
	}
	i := slices.IndexFunc(actions, func(action Action) bool { return action.Address == a })
	switch {
	case i < 0:
		out.Waits = "its plan does not contain it"
	case actions[i].Want != nil:
		out.Wants = true
	case actions[i].Kind == PendingApproval:
		// Its own plan leaves the secret for the hand-over and cannot be approved.
		out.Waits = actions[i].Guard.why + actions[i].Guard.fix
	case !actions[i].Kind.Removes():
		out.Waits = actions[i].Cause
	default: // a dead secret is released without this check
		former := in.formerHistory(actions[i].Entry.Records[owner])
		out.Waits = former.why + former.fix
	}
	return out
}

// takeFrom decides about a wanted secret that another source of the controller owns.
func (in Input) takeFrom(a Action, former Former) Action {
	a.Former = former.Owner
	owned := fmt.Sprintf("%s; source %s", a.Verdict, former.Source)
	switch {
	case former.Wants:
		return a.as(Blocked, owned+" wants it, too; remove it from the files of that source, and it is handed over")
	case former.Waits != "":
		return a.as(PendingHandOver, fmt.Sprintf("%s does not give it up: %s; to take it over now: %s", owned, former.Waits, in.Flag.Adopt(a.Address)))
	}
	a = a.as(HandOver, "from source "+former.Source)
	if rollback := a.Want.rollsBack(a.Entry.Records[former.Owner], a.Entry.Date); rollback.why != "" {
		return a.pending(rollback)
	}
	return a
}

// Elsewhere is another source of the controller that wants a secret that this one does
// not want any more.
type Elsewhere struct {
	Source string
	// Unreadable is why it is not known whether the source wants it; empty if it does.
	Unreadable string
	// Overdue means that it has not taken the secret over for a drift interval.
	Overdue bool
}

// keptFor lets a secret wait that another source wants: it is not deleted, and the other
// source takes it over. What that source never takes needs an approval.
func (in Input) keptFor(a Action) Action {
	other, is := in.Elsewhere[a.Address]
	if !is || a.Kind == Blocked {
		return a
	}
	cause := fmt.Sprintf("source %s wants it and takes it over", other.Source)
	if other.Unreadable != "" {
		cause = fmt.Sprintf("source %s may want it: %s", other.Source, other.Unreadable)
	}
	if a.Kind == PendingApproval {
		cause += fmt.Sprintf(" only if it is adopted (%s%s): %s", a.Guard.why, a.Guard.fix, in.Flag.Adopt(a.Address))
	}
	if !other.Overdue {
		a.Approved, a.ApprovedCause, a.Guard = "", "", guard{}
		return a.as(PendingHandOver, cause)
	}
	if a.Kind.Removes() {
		return a.pending(guard{why: cause + ", but has not done so for a drift interval"})
	}
	return a
}
