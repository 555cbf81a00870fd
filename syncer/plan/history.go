// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// formerHistory is the guard if the commit does not descend from the one that a record
// names, or if that is unknown, and empty otherwise.
func (in Input) formerHistory(last secrets.Record) guard {
	switch descends, known := in.Descends[last.Revision]; {
	case descends:
		return guard{}
	case known:
		return guard{why: fmt.Sprintf("the secret came from commit %s, which this commit does not descend from (history was rewritten)", Short(last.Revision))}
	}
	return guard{
		why: fmt.Sprintf("it is unknown whether this commit descends from %s, which the secret came from: the repository is too shallow, or another one", Short(last.Revision)),
		fix: ". Fetch the whole history (git fetch --unshallow), or the right repository",
	}
}

// updatedTo is the cause of an update of a record to the history of the commit.
const updatedTo = "the value is the same, its record is updated to this commit"

// followHistory updates the revision in the records of secrets that stay as they are, if
// the commit does not descend from it: otherwise each later delete of them would wait for
// approval. It does so only if no record of the former history would be pruned, or with
// the plan that is approved: a fork of two commits must not prune without approval.
// Where git cannot determine the ancestry, only an approval updates a record.
func (in Input) followHistory(actions []Action) []Action {
	waits := in.Signed || in.Failed
	for _, a := range actions {
		waits = waits || a.Want == nil && a.Kind != Release && in.formerHistory(a.Entry.Records[in.Owner]).why != ""
	}
	for i, a := range actions {
		last := a.Entry.Records[in.Owner]
		descends, known := in.Descends[last.Revision]
		switch {
		case descends, a.Kind != Unchanged && a.Kind != UpdateRecord:
		case a.Kind == UpdateRecord && (waits || !known):
			actions[i].Revision = last.Revision
		case a.Kind == Unchanged && (waits || !known):
			actions[i].Approved, actions[i].ApprovedCause = UpdateRecord, updatedTo+"; approved"
		case a.Kind == Unchanged:
			actions[i] = a.as(UpdateRecord, "history was rewritten: "+updatedTo)
		}
	}
	return actions
}

// refuseHistory lets a plan wait for approval if its commit does not descend from each
// commit that the secrets of this source were last written from. What is known of the commits
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
		cause = in.unwantedDiverges()
	}
	if cause == "" {
		return actions
	}
	for i, a := range actions {
		switch {
		case a.Kind.Changes():
			actions[i] = a.pending(guard{why: cause})
		case a.Kind == PendingApproval:
			actions[i].Cause += "; " + cause
			actions[i].ApprovedCause += ", and although " + cause
		case in.diverges(a) != "":
			actions[i] = a.as(UpdateRecord, updatedTo).pending(guard{why: cause})
		}
	}
	return actions
}

// diverges is the cause if a secret that the plan keeps or writes was last written
// from a commit that this one does not descend from, and empty otherwise.
func (in Input) diverges(a Action) string {
	last, recorded := a.Entry.Records[in.Owner]
	switch {
	case a.Want == nil || !recorded || a.Verdict.State == secrets.Absent, a.Kind == Drift, a.Kind == Adopt, a.Kind == Blocked, a.Former != secrets.NoOwner:
		return ""
	}
	return in.divergesFrom(last)
}

// unwantedDiverges is diverges for the live secrets that no file has: a commit of another
// repository, signed with the same key, may want only new ones. They count also if nothing
// is pruned, because a file failed; one that another source wants does not.
func (in Input) unwantedDiverges() string {
	wanted := map[secrets.Address]bool{}
	for _, w := range in.Wants {
		wanted[w.Address] = true
	}
	for _, address := range slices.SortedFunc(maps.Keys(in.Observed), Compare) {
		a := Action{Address: address, Entry: in.Observed[address]}
		owner, last, found := a.Entry.LastOwner()
		_, moves := in.Elsewhere[address]
		if wanted[address] || moves || !found || owner != in.Owner || in.judge(a).State != secrets.InSync {
			continue
		}
		if cause := in.divergesFrom(last); cause != "" {
			return cause
		}
	}
	return ""
}

func (in Input) divergesFrom(last secrets.Record) string {
	switch descends, known := in.Descends[last.Revision]; {
	case descends:
		return ""
	case known:
		return fmt.Sprintf("this commit does not descend from %s, which secrets were written from (history was rewritten, and the source sets history: refuse)", Short(last.Revision))
	}
	return fmt.Sprintf("it is unknown whether this commit descends from %s, which secrets were written from, and the source sets history: refuse", Short(last.Revision))
}
