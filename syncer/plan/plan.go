// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Input is all that a plan is made from.
type Input struct {
	Owner   secrets.Owner
	Drift   DriftPolicy
	Deletes DeletePolicy
	Adopt   Adoption
	// Wants are what the commit wants, each address once.
	Wants []Want
	// Observed are the entries that Vault has in the source's workflows.
	Observed map[secrets.Address]secrets.Entry
	// Unseen are the workflows, and types of connections, that could not be observed,
	// and why.
	Unseen map[secrets.Scope]error
	// Descends reports for the revisions in records whether the commit descends from
	// them. A commit is missing if git does not know it.
	Descends map[string]bool
	// History is what to do if the commit does not descend from one.
	History HistoryPolicy
	// Signed means that the source requires signatures: records of another history are
	// updated only with an approved plan.
	Signed bool
	// Keyless means that Wants have fingerprints of ciphertexts only.
	Keyless bool
	// Failed means that something in this sync was refused or could not be observed.
	Failed bool
	// Refused are secrets of files that were refused. Their failures are reported, so the
	// plan has no action for them unless they drifted.
	Refused map[secrets.Address]bool
	// Empty means that the commit contains no manifest: every delete waits for
	// approval.
	Empty bool
	// Formers are the other sources of the controller that own a wanted secret.
	Formers map[secrets.Address]Former
	// Elsewhere are the other sources that want a secret of this one's.
	Elsewhere map[secrets.Address]Elsewhere
	// Flag is for the commands that causes name.
	Flag ConfigFlag
}

// Adoption is what a person asked this source to take over.
type Adoption struct {
	// Addresses are secrets by name, of any owner.
	Addresses map[secrets.Address]bool
	// Unmanaged adds every wanted secret that is live and has no record: what a crash
	// between a first value and its record leaves behind.
	Unmanaged bool
}

func (d Adoption) takes(a Action) bool {
	unmanaged := a.Verdict.State == secrets.Unmanaged || a.Verdict.State == secrets.RecordLost
	return d.Addresses[a.Address] || d.Unmanaged && unmanaged
}

// Make decides what a sync does, in order of address.
func Make(in Input) []Action {
	wanted := make(map[secrets.Address]bool, len(in.Wants))
	actions := make([]Action, 0, len(in.Wants))
	for i := range in.Wants {
		w := &in.Wants[i]
		wanted[w.Address] = true
		actions = append(actions, in.wanted(w))
	}
	for address := range in.Observed {
		if !wanted[address] {
			if action, owned := in.unwanted(address); owned {
				actions = append(actions, action)
			}
		}
	}
	slices.SortFunc(actions, func(a, b Action) int { return Compare(a.Address, b.Address) })
	actions = in.limit(actions)
	if in.History == RefuseHistory {
		return in.refuseHistory(actions)
	}
	return in.followHistory(actions)
}

// wanted decides about a secret that the commit wants.
func (in Input) wanted(w *Want) Action {
	a := Action{Address: w.Address, Want: w, Entry: in.Observed[w.Address]}
	if err := in.Unseen[w.Address.Scope]; err != nil {
		a.Verdict = secrets.Verdict{State: secrets.NotChecked, Cause: err.Error()}
		return a.as(Blocked, a.Verdict.String())
	}
	a.Verdict = in.judge(a)
	switch a.Verdict.State {
	case secrets.Absent:
		return a.as(Add, "")
	case secrets.OwnedByOther, secrets.Unmanaged, secrets.RecordLost, secrets.NotAuthentic:
		return in.foreign(a)
	}
	last := a.Entry.Records[in.Owner]
	switch rollback := w.rollsBack(last, a.Entry.Date); {
	case in.sameValue(w, last) && !last.Undeleted:
		return in.same(a)
	case rollback.why != "":
		return a.as(Change, "").pending(rollback)
	case a.Verdict.Drifted():
		return a.as(Change, a.Verdict.String())
	case last.Undeleted:
		return a.as(Change, "the secret was undeleted by hand, and the commit has it again")
	case in.Keyless:
		return a.as(Change, "maybe changed: the ciphertext differs, and only a key can show whether the value does")
	}
	return a.as(Change, "")
}

// judges compare an entry with the last write of an owner, for each kind of address.
var judges = map[secrets.Kind]func(secrets.Owner, secrets.Entry, *secrets.Written) secrets.Verdict{
	secrets.Secret:     secrets.Judge,
	secrets.Connection: connections.Judge,
}

func (in Input) judge(a Action) secrets.Verdict {
	return judges[a.Address.Kind](in.Owner, a.Entry, nil)
}

// foreign decides about a wanted secret that this source does not own.
func (in Input) foreign(a Action) Action {
	switch {
	case in.Adopt.takes(a):
		return a.as(Adopt, a.Verdict.String())
	case in.Formers[a.Address].Source != "":
		return in.takeFrom(a, in.Formers[a.Address])
	case a.Verdict.State == secrets.OwnedByOther:
		return a.as(Blocked, a.Verdict.String()+"; take it over first"+secrets.AfterTakeover(a.Verdict.Owner)+": "+in.Flag.Adopt(a.Address))
	}
	if a.Verdict.State == secrets.NotAuthentic {
		return a.as(Blocked, a.Verdict.String()+"; to write the value again: "+in.Flag.Adopt(a.Address))
	}
	return a.as(Blocked, a.Verdict.String()+"; to take it over: "+in.Flag.Adopt(a.Address))
}

// sameValue reports whether a file has the value that was written last: by the
// ciphertext under the same data key, or by the value's own fingerprint. Without a
// key it compares the ciphertext alone.
func (in Input) sameValue(w *Want, last secrets.Record) bool {
	return w.SOPS1 == last.SOPS1 && (w.Key1 == last.Key1 || in.Keyless) || w.HMAC1.Match(last.HMAC1)
}

// same decides about a secret whose value is the one written last.
func (in Input) same(a Action) Action {
	w, last := a.Want, a.Entry.Records[in.Owner]
	switch {
	case !a.Verdict.Drifted() && (w.SOPS1 != last.SOPS1 || w.Key1 != last.Key1 && !in.Keyless):
		return a.as(UpdateRecord, "the file was encrypted again, the value is the same")
	case !a.Verdict.Drifted() && (len(w.HMAC1) > 0 && w.HMAC1.Newest() != last.HMAC1 || a.Entry.MAC == secrets.MACOlderKey):
		return a.as(UpdateRecord, "the value is the same, its record is updated to the newest fingerprint key")
	case !a.Verdict.Drifted():
		return a.as(Unchanged, "")
	case in.Drift == ReportOnly && !in.Adopt.Addresses[a.Address]:
		return a.as(Drift, a.Verdict.String()+"; to repair it: "+in.Flag.Adopt(a.Address))
	}
	return a.as(Repair, a.Verdict.String())
}

// unwanted decides about a secret that no file has. It is not this source's unless
// this source's record is the last on it.
func (in Input) unwanted(address secrets.Address) (action Action, owned bool) {
	a := Action{Address: address, Entry: in.Observed[address]}
	owner, last, found := a.Entry.LastOwner()
	if a.Verdict = in.judge(a); a.Verdict.State == secrets.NotAuthentic && !a.Entry.Rejected.Released {
		return a.as(Blocked, "not deleted: "+a.Verdict.String()+"; to sign the record after a check: "+in.Flag.Adopt(a.Address, "--records")), true
	}
	if !found || owner != in.Owner {
		return Action{}, false
	}
	if in.Refused[address] {
		return a.as(Drift, a.Verdict.String()+"; not repaired, because its file is refused"), a.Verdict.Drifted()
	}
	if in.Failed {
		return a.as(Blocked, "not deleted: something failed in this sync, and what could not be read might still have it"), true
	}
	return in.keptFor(in.pruned(a, last)), true
}

// pruned deletes or releases a secret of this source that no file has.
func (in Input) pruned(a Action, last secrets.Record) Action {
	const noFile = "no file of this commit has it"
	former := in.formerHistory(last)
	switch a.Verdict.State {
	case secrets.InSync:
		a = a.as(Delete, noFile)
		switch {
		case former.why != "":
			former.instead = "; put the secret into a file again, or approve its deletion"
			return a.pending(former)
		case last.Undeleted:
			return a.pending(guard{why: "the secret was undeleted by hand", instead: "; put it into a file again, or approve its deletion"})
		case in.Empty:
			return a.pending(guard{why: "the commit contains no manifest (deletes.allow_empty)"})
		}
		return a
	case secrets.Overwritten:
		if former.why != "" {
			former.why = a.Verdict.String() + ", and " + former.why
			former.instead = "; put the secret into a file again, or approve its release"
			return a.as(Release, noFile+", so the other value stays").pending(former)
		}
		return a.as(Release, a.Verdict.String()+"; "+noFile+", so the other value stays")
	}
	return a.as(Release, a.Verdict.String()+"; "+noFile)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
