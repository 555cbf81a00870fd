// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Kind is what a sync does about one secret: a closed set.
type Kind string

// The kinds of action.
const (
	// Add writes a secret that does not exist.
	Add Kind = "add"
	// Change writes a secret whose ciphertext differs from the one written last.
	Change Kind = "change"
	// Repair writes a secret again after an outside change.
	Repair Kind = "repair"
	// Drift reports an outside change and leaves the secret as it is.
	Drift Kind = "drift"
	// Adopt takes over, on request, a secret that is unmanaged or another owner's.
	Adopt Kind = "adopt"
	// HandOver writes a secret that another source of the controller has given up.
	HandOver Kind = "hand-over"
	// PendingHandOver leaves a secret as it is until the new source takes it over from
	// the former one. The cause names what it waits for.
	PendingHandOver Kind = "pending hand-over"
	// Delete soft-deletes a secret of this source that no file has any more.
	Delete Kind = "delete"
	// Release drops the claim on a secret that no file has and whose live value, if
	// any, is not this source's.
	Release Kind = "release"
	// PendingApproval leaves a secret as it is until the plan is approved. The
	// cause has the details; Approved is what the action becomes.
	PendingApproval Kind = "pending approval"
	// Blocked leaves a secret as it is. The cause has the details and what to do.
	Blocked Kind = "blocked"
	// UpdateRecord updates the record alone: the value is the one that the commit
	// wants, under another ciphertext, without its fingerprint, or from another history.
	UpdateRecord Kind = "update record"
	// Sign signs the record again, as it is, under the newest fingerprint key.
	Sign Kind = "sign record"
	// Unchanged is as the commit wants it.
	Unchanged Kind = "unchanged"
)

// Writes reports whether the action sends a value.
func (k Kind) Writes() bool {
	return k == Add || k == Change || k == Repair || k == Adopt || k == HandOver
}

// UpdatesRecord reports whether the action changes a record and no value.
func (k Kind) UpdatesRecord() bool { return k == UpdateRecord }

// Removes reports whether the action gives up a secret: a delete or a release.
func (k Kind) Removes() bool { return k == Delete || k == Release }

// Changes reports whether the action sends a request that changes Vault. Each ends with
// a record under the newest fingerprint key.
func (k Kind) Changes() bool { return k.Writes() || k.UpdatesRecord() || k.Removes() || k == Sign }

// Waits reports whether the action leaves a secret other than the commit wants it.
func (k Kind) Waits() bool { return k == Blocked || k == PendingApproval || k == PendingHandOver }

// Action is one decision and what it was made from.
type Action struct {
	Kind    Kind
	Address secrets.Address
	// Want is nil if no file has the secret.
	Want *Want
	// Entry is what was observed, and Verdict what that means to this source.
	Entry   secrets.Entry
	Verdict secrets.Verdict
	// Cause is empty for Add, Unchanged, and a plain Change.
	Cause string
	// Approved is what the action becomes once the plan is approved, and ApprovedCause its
	// cause then: one that is PendingApproval, or an Unchanged one whose record names
	// another history.
	Approved      Kind
	ApprovedCause string
	// Guard is why the action is PendingApproval.
	Guard guard
	// Revision is what stays in the record of a UpdateRecord action; empty for the commit.
	Revision string
	// Former is the other owner that hands the secret over, or from whom a person takes it.
	Former secrets.Owner
}

// guard is why an action waits for approval; the zero guard is none.
type guard struct {
	// why is a clause.
	why string
	// fix is what helps whatever the plan is, instead what helps besides an approval. Both
	// begin with their punctuation.
	fix, instead string
}

// notDone begins the cause of a pending action of the kind.
var notDone = map[Kind]string{Delete: "not deleted: ", Release: "not released: "}

// pending is the action as one that waits for approval.
func (a Action) pending(g guard) Action {
	a.Approved, a.ApprovedCause, a.Guard = a.Kind, "approved although "+g.why, g
	if a.Cause != "" {
		a.ApprovedCause = a.Cause + "; " + a.ApprovedCause
	}
	return a.as(PendingApproval, notDone[a.Kind]+g.why+g.fix+g.instead)
}

func (a Action) as(kind Kind, cause string) Action {
	a.Kind, a.Cause = kind, cause
	return a
}

// Provenance goes into the record with the action. If the value stays, the later of
// the two times of encryption stays as well: an older file with the same value must
// not permit other old files. So does the revision of another history, until it may go.
func (a Action) Provenance(owner secrets.Owner, commit string) secrets.Provenance {
	p := a.Want.Provenance(commit)
	last := a.Entry.Records[owner]
	if a.Revision != "" {
		p.Revision = a.Revision
	}
	if (a.Kind == Repair || a.Kind == UpdateRecord) && p.Sealed.Before(last.Sealed) {
		p.Sealed = last.Sealed
	}
	return p
}

// Want is one secret as a commit wants it. It holds no value: a value is decrypted
// just before it is written.
type Want struct {
	Address secrets.Address
	// File and Line are its position in the commit.
	File string
	Line int
	// Sealed is the time at which its file was encrypted.
	Sealed time.Time
	// SOPS1 and Key1 are the fingerprints of its ciphertext and of the file's data
	// key. Key1 is empty in a keyless plan.
	SOPS1, Key1 string
	// HMAC1 are the fingerprints of its value, empty without a fingerprint key.
	HMAC1 secrets.ValueFingerprints
}

// rollsBack is the guard if the file was encrypted before the value in Vault.
// now is by Vault's clock: a record that claims a later time, from before such
// files were refused, counts from the time of its write.
func (w Want) rollsBack(last secrets.Record, now time.Time) guard {
	sealed := last.Sealed
	if !now.IsZero() && sealed.After(now.Add(clockSkew)) {
		sealed = last.Time
	}
	if !w.Sealed.Before(sealed) {
		return guard{}
	}
	return guard{why: fmt.Sprintf("it rolls back: the file was encrypted at %s, the value in Vault comes from one encrypted at %s", stamp(w.Sealed), stamp(sealed))}
}

// clockSkew is how much the clocks of Vault and of the machine that encrypts may differ.
const clockSkew = 5 * time.Minute

// Provenance is where the value came from, for its record.
func (w Want) Provenance(commit string) secrets.Provenance {
	return secrets.Provenance{
		Revision: commit, Origin: w.File, Sealed: w.Sealed.Truncate(time.Second),
		SOPS1: w.SOPS1, Key1: w.Key1, HMAC1: w.HMAC1.Newest(),
	}
}

// Short is a commit id as text for people shows it.
func Short(commit string) string { return commit[:min(len(commit), 10)] }
