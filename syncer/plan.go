// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Kind is what a round does about one secret: a closed set.
type Kind string

// The kinds of action.
const (
	// Add writes a secret that is not there.
	Add Kind = "add"
	// Change writes one whose ciphertext is not the one written last.
	Change Kind = "change"
	// Repair writes one again that somebody else changed.
	Repair Kind = "repair"
	// Drift shows one that somebody else changed, and leaves it.
	Drift Kind = "drift"
	// Adopt takes over one that is another owner's, or nobody's, on request.
	Adopt Kind = "adopt"
	// Delete soft-deletes one of ours that no file wants any more.
	Delete Kind = "delete"
	// Release lets go of one that no file wants and that is not ours or dead.
	Release Kind = "release"
	// Blocked leaves one as it is; the reason says why and what to do.
	Blocked Kind = "blocked"
	// Reencrypted has the value that the commit wants, under another ciphertext or
	// without its fingerprint: only the record changes.
	Reencrypted Kind = "re-encrypted"
	// Unchanged is as the commit wants it.
	Unchanged Kind = "unchanged"
)

// Writes reports whether the action sends a value.
func (k Kind) Writes() bool { return k == Add || k == Change || k == Repair || k == Adopt }

// Notes reports whether the action changes a record and no value.
func (k Kind) Notes() bool { return k == Reencrypted }

// Removes reports whether the action lets go of a secret.
func (k Kind) Removes() bool { return k == Delete || k == Release }

// Action is one decision and what it was made from.
type Action struct {
	Kind    Kind
	Address secrets.Address
	// Want is nil where no file wants the secret.
	Want *Want
	// Entry is what was observed, and Verdict what that means to this source.
	Entry   secrets.Entry
	Verdict secrets.Verdict
	// Reason says why, for Reencrypted, Repair, Drift, Adopt, Delete, Release and Blocked.
	Reason string
	// Approved is what a Blocked action becomes once somebody approves the plan;
	// empty where no approval helps.
	Approved Kind
}

// PlanInput is all that a plan is made from.
type PlanInput struct {
	Owner   secrets.Owner
	Drift   plan.DriftPolicy
	Deletes plan.DeletePolicy
	Adopt   Adoption
	// Wants are what the commit wants, each address once.
	Wants []Want
	// Observed are the entries that Vault has in the source's workflows.
	Observed map[secrets.Address]secrets.Entry
	// Unseen are the workflows, and types of connections, that Vault would not show,
	// and why.
	Unseen map[secrets.Scope]error
	// Ancestry tells of each revision in a record whether the commit descends
	// from it.
	Ancestry map[string]gitsource.Ancestry
	// History says what to do where it does not.
	History plan.HistoryPolicy
	// Keyless says that Wants have fingerprints of ciphertexts only.
	Keyless bool
	// Failed says that something in this round could not be seen or is refused.
	Failed bool
	// Empty says that the commit holds no manifest, so that nothing is deleted
	// without approval.
	Empty bool
}

// Plan decides what a round does, in order of address. It is pure.
func Plan(in PlanInput) []Action {
	wanted := make(map[secrets.Address]bool, len(in.Wants))
	actions := make([]Action, 0, len(in.Wants))
	for i := range in.Wants {
		w := &in.Wants[i]
		wanted[w.Address] = true
		actions = append(actions, in.want(w))
	}
	for _, address := range slices.SortedFunc(maps.Keys(in.Observed), compareAddress) {
		if !wanted[address] {
			if action, ours := in.unwanted(address); ours {
				actions = append(actions, action)
			}
		}
	}
	slices.SortStableFunc(actions, func(a, b Action) int { return compareAddress(a.Address, b.Address) })
	actions = in.limit(actions)
	if in.History == plan.RefuseHistory {
		return in.refuse(actions)
	}
	return actions
}

// want decides about a secret that the commit wants.
func (in PlanInput) want(w *Want) Action {
	a := Action{Address: w.Address, Want: w, Entry: in.Observed[w.Address]}
	if err := in.Unseen[w.Address.Scope]; err != nil {
		a.Verdict = secrets.Verdict{State: secrets.NotChecked, Cause: err.Error()}
		return a.as(Blocked, a.Verdict.String())
	}
	a.Verdict = in.judge(a)
	switch a.Verdict.State {
	case secrets.Absent:
		return a.as(Add, "")
	case secrets.OwnedByOther, secrets.Unmanaged, secrets.RecordLost:
		return in.foreign(a)
	}
	last := a.Entry.Records[in.Owner]
	switch {
	case in.sameValue(w, last) && !last.Undeleted:
		return in.settled(a)
	case w.Sealed.Before(last.Sealed):
		return a.held(Change, fmt.Sprintf("rolls back: the file was sealed %s, the value in Vault comes from one sealed %s", stamp(w.Sealed), stamp(last.Sealed)))
	case a.Verdict.Drifted():
		return a.as(Change, a.Verdict.String())
	case last.Undeleted:
		return a.as(Change, "it was undeleted by hand, and the commit has it again")
	case in.Keyless:
		return a.as(Change, "the ciphertext differs: maybe changed, which only a key can tell")
	}
	return a.as(Change, "")
}

// judges compare what was observed with an owner's last write.
var judges = map[secrets.Kind]func(secrets.Owner, secrets.Entry, *secrets.Written) secrets.Verdict{
	secrets.Secret:     secrets.Judge,
	secrets.Connection: connections.Judge,
}

func (in PlanInput) judge(a Action) secrets.Verdict {
	return judges[a.Address.Kind](in.Owner, a.Entry, nil)
}

// foreign decides about a wanted secret that is not ours to write.
func (in PlanInput) foreign(a Action) Action {
	switch {
	case in.Adopt.takes(a):
		return a.as(Adopt, a.Verdict.String())
	case a.Verdict.State == secrets.OwnedByOther:
		return a.as(Blocked, a.Verdict.String()+"; delete it there first, or take it over: relay-sync adopt "+title(a.Address))
	}
	return a.as(Blocked, a.Verdict.String()+"; to take it over: relay-sync adopt "+title(a.Address))
}

// sameValue reports whether a file holds what was written last: by the ciphertext
// under the same data key, or by the value's own fingerprint. Without a key it is
// the ciphertext alone.
func (in PlanInput) sameValue(w *Want, last secrets.Record) bool {
	return w.SOPS1 == last.SOPS1 && (w.Key1 == last.Key1 || in.Keyless) || w.HMAC1 != "" && w.HMAC1 == last.HMAC1
}

// settled decides about a secret whose value is the one written last.
func (in PlanInput) settled(a Action) Action {
	w, last := a.Want, a.Entry.Records[in.Owner]
	switch {
	case !a.Verdict.Drifted() && (w.SOPS1 != last.SOPS1 || w.Key1 != last.Key1 && !in.Keyless):
		return a.as(Reencrypted, "sealed anew, the value is the same")
	case !a.Verdict.Drifted() && w.HMAC1 != "" && w.HMAC1 != last.HMAC1:
		return a.as(Reencrypted, "the value is the same, its record gets the fingerprint of the configured key")
	case !a.Verdict.Drifted():
		return a.as(Unchanged, "")
	case in.Drift == plan.ReportOnly:
		return a.as(Drift, a.Verdict.String())
	}
	return a.as(Repair, a.Verdict.String())
}

// unwanted decides about a secret that no file wants. It is none of ours unless
// this source's record is the last on it.
func (in PlanInput) unwanted(address secrets.Address) (Action, bool) {
	a := Action{Address: address, Entry: in.Observed[address]}
	owner, last, found := a.Entry.LastOwner()
	if !found || owner != in.Owner {
		return Action{}, false
	}
	a.Verdict = in.judge(a)
	if hold := in.holdBack(last); hold != "" {
		return a.as(Blocked, "not deleted: "+hold), true
	}
	switch a.Verdict.State {
	case secrets.InSync:
		if last.Undeleted {
			return a.held(Delete, "not deleted: it was undeleted by hand; put it into a file again, or approve its deletion"), true
		}
		if in.Empty {
			return a.held(Delete, "not deleted: the commit holds no manifest at all (deletes.allow_empty)"), true
		}
		return a.as(Delete, "no file of this commit has it"), true
	case secrets.Overwritten:
		return a.as(Release, a.Verdict.String()+"; no file of this commit has it, so the other value stays"), true
	}
	return a.as(Release, a.Verdict.String()+"; no file of this commit has it"), true
}

// holdBack says why nothing is deleted, or "".
func (in PlanInput) holdBack(last secrets.Record) string {
	if in.Failed {
		return "something failed in this round, and what could not be seen might still want it"
	}
	switch in.Ancestry[last.Revision] {
	case gitsource.Yes:
		return ""
	case gitsource.No:
		return fmt.Sprintf("it came from commit %s, which this commit does not descend from (history was rewritten); put it into a file again, or delete it by hand", short(gitsource.Commit(last.Revision)))
	}
	return fmt.Sprintf("whether this commit descends from %s cannot be told (the repository is too shallow, or another one)", short(gitsource.Commit(last.Revision)))
}

// held is an action that waits for somebody's approval.
func (a Action) held(approved Kind, reason string) Action {
	a.Approved = approved
	return a.as(Blocked, reason)
}

func (a Action) as(kind Kind, reason string) Action {
	a.Kind, a.Reason = kind, reason
	return a
}

// note is what goes into the record with the action. Where the value stays, the
// later of two times of sealing does too: an older file with the same value must
// not open the way for other old ones.
func (a Action) note(owner secrets.Owner, commit gitsource.Commit) secrets.Provenance {
	note := a.Want.note(commit)
	if last := a.Entry.Records[owner].Sealed; (a.Kind == Repair || a.Kind == Reencrypted) && note.Sealed.Before(last) {
		note.Sealed = last
	}
	return note
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
