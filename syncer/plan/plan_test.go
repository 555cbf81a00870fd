// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

const (
	us   secrets.Owner = "gitops/cluster-1/shop"
	them secrets.Owner = "terraform/shop"
)

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	older   = strings.Repeat("a", 40)
	strange = strings.Repeat("b", 40)
	deploy  = secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}
	token   = deploy.Secret("token")
)

func at(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func note() secrets.Provenance {
	return secrets.Provenance{Revision: older, Origin: "a.yaml", Sealed: noon, SOPS1: "same", Key1: "key"}
}

// entry is a secret of n live versions whose records are as given.
func entry(n int, records map[secrets.Owner]secrets.Record) secrets.Entry {
	e := secrets.Entry{Current: n, Versions: map[int]secrets.Version{}, Records: records, Date: at(600)}
	for i := 1; i <= n; i++ {
		e.Versions[i] = secrets.Version{Created: at(i)}
	}
	return e
}

func dead(e secrets.Entry) secrets.Entry {
	e.Versions[e.Current] = secrets.Version{Created: at(e.Current), Deleted: at(300)}
	return e
}

func by(owner secrets.Owner, version int) map[secrets.Owner]secrets.Record {
	return map[secrets.Owner]secrets.Record{owner: {Version: version, Time: at(version), Provenance: note()}}
}

func want(change func(*Want)) []Want {
	w := Want{Address: token, File: "a.yaml", Line: 3, Sealed: noon, SOPS1: "same", Key1: "key"}
	if change != nil {
		change(&w)
	}
	return []Want{w}
}

func changedWant() []Want { return want(func(w *Want) { w.SOPS1 = "other" }) }

func reencrypted() []Want {
	return want(func(w *Want) { w.SOPS1, w.Key1, w.HMAC1 = "other", "other", secrets.ValueFingerprints{"value"} })
}

// recorded are the records of version 3 by this owner, changed.
func recorded(change func(*secrets.Record)) map[secrets.Owner]secrets.Record {
	records := by(us, 3)
	r := records[us]
	change(&r)
	records[us] = r
	return records
}

func fingerprinted() map[secrets.Owner]secrets.Record {
	return recorded(func(r *secrets.Record) { r.HMAC1 = "value" })
}

func foreignRevision() map[secrets.Owner]secrets.Record {
	return recorded(func(r *secrets.Record) { r.Revision = strange })
}

func undeleted() map[secrets.Owner]secrets.Record {
	return recorded(func(r *secrets.Record) { r.Undeleted = true })
}

// notAuthentic is an entry whose record by this owner has an invalid MAC.
func notAuthentic(n int, released bool) secrets.Entry {
	e := entry(n, nil)
	e.Rejected, e.MAC = &secrets.Record{Version: n, Time: at(n), Released: released, Provenance: note()}, secrets.MACInvalid
	return e
}

// olderKey is an entry whose record has a MAC under a key that is not the newest.
func olderKey() secrets.Entry {
	e := entry(3, by(us, 3))
	e.MAC = secrets.MACOlderKey
	return e
}

// TestRefusedFileIsReportedOnce: a file of 20 secrets with a conflict marker must not make
// 20 lines that nothing can be done about.
func TestRefusedFileIsReportedOnce(t *testing.T) {
	t.Parallel()
	refused := Input{Failed: true, Refused: map[secrets.Address]bool{token: true}}
	checkRows(t, []planRow{
		{name: "as it was written", entry: entry(3, by(us, 3)), in: refused},
		{name: "of another history", entry: entry(3, foreignRevision()), in: refused},
		{name: "overwritten", entry: entry(4, by(us, 3)), in: refused, kind: Drift, cause: "overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3; not repaired, because its file is refused"},
		{name: "not authentic", entry: notAuthentic(3, false), in: refused, kind: Blocked, cause: "not deleted: record not authentic"},
		{name: "of another file", entry: entry(3, by(us, 3)), in: Input{Failed: true}, kind: Blocked, cause: "not deleted: something failed"},
	})
}

// planRow is one secret and the action that a plan has for it.
type planRow struct {
	name  string
	wants []Want
	entry secrets.Entry
	in    Input
	// kind is empty if the plan has no action for the secret.
	kind  Kind
	cause string
	// approved is what approval makes of it, if set.
	approved Kind
}

func (row planRow) check(t *testing.T) {
	t.Helper()
	in := row.in
	in.Owner, in.Wants, in.Deletes.AllowEmpty = us, row.wants, true
	if in.Descends == nil {
		in.Descends = map[string]bool{older: true}
	}
	if row.entry.Current > 0 {
		in.Observed = map[secrets.Address]secrets.Entry{token: row.entry}
	}
	actions := Make(in)
	if row.kind == "" {
		if len(actions) != 0 {
			t.Errorf("planned %v for a secret of another owner", actions)
		}
		return
	}
	if row.approved != "" && actions[0].Approved != row.approved {
		t.Errorf("approved, it becomes %q, want %q", actions[0].Approved, row.approved)
	}
	if len(actions) != 1 || actions[0].Kind != row.kind || !strings.Contains(actions[0].Cause, row.cause) {
		t.Errorf("planned %+v, want %s because %q", actions, row.kind, row.cause)
	}
}

func checkRows(t *testing.T, rows []planRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.check(t)
		})
	}
}

func TestWantedSecrets(t *testing.T) {
	t.Parallel()
	checkRows(t, []planRow{
		{name: "a secret that is not there", wants: want(nil), kind: Add},
		{name: "one as it was written", wants: want(nil), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext", wants: changedWant(), entry: entry(3, by(us, 3)), kind: Change},
		{name: "a record that is not authentic", wants: want(nil), entry: notAuthentic(3, false), kind: Blocked, cause: "record not authentic; to write the value again: relay-sync adopt "},
		{name: "a record that is not authentic, adopted by name", wants: want(nil), entry: notAuthentic(3, false), in: Input{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Adopt},
		{name: "a record that is not authentic is not unmanaged", wants: want(nil), entry: notAuthentic(3, false), in: Input{Adopt: Adoption{Unmanaged: true}}, kind: Blocked},
		{name: "a record that is not authentic, in no file", entry: notAuthentic(3, false), kind: Blocked, cause: "to sign the record after a check: relay-sync adopt --records "},
		{name: "a release that is not authentic, in no file", entry: notAuthentic(3, true)},
		{name: "a record under an older key", wants: want(nil), entry: olderKey(), kind: UpdateRecord, cause: "newest fingerprint key"},
		{name: "the same ciphertext under another key", wants: want(func(w *Want) { w.Key1 = "other" }), entry: entry(3, by(us, 3)), kind: Change},
		{name: "overwritten, healed", wants: want(nil), entry: entry(4, by(us, 3)), kind: Repair, cause: "overwritten: version 4"},
		{name: "overwritten, reported", wants: want(nil), entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly}, kind: Drift, cause: "overwritten: version 4"},
		{name: "overwritten and changed in git", wants: changedWant(), entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly}, kind: Change, cause: "overwritten: version 4"},
		{name: "deleted outside", wants: want(nil), entry: dead(entry(3, by(us, 3))), kind: Repair, cause: "deleted at"},
		{name: "another owner's", wants: want(nil), entry: entry(3, by(them, 3)), kind: Blocked, cause: "owned by terraform/shop; take it over first, and remove it from that Terraform configuration only after that: relay-sync adopt"},
		{name: "another owner's, dead", wants: want(nil), entry: dead(entry(3, by(them, 3))), kind: Blocked, cause: "owned by terraform/shop"},
		{name: "unmanaged, live", wants: want(nil), entry: entry(1, nil), kind: Blocked, cause: "unmanaged"},
		{name: "unmanaged, dead", wants: want(nil), entry: dead(entry(1, nil)), kind: Add},
		{name: "the record does not match", wants: want(nil), entry: entry(2, by(us, 9)), kind: Blocked, cause: "record lost"},
		{name: "a record from the year 9999, a later file", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(4) }), entry: entry(3, recorded(func(r *secrets.Record) { r.Sealed = at(4_000_000_000) })), kind: Change},
		{name: "a record from the year 9999, an older file", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(2) }), entry: entry(3, recorded(func(r *secrets.Record) { r.Sealed = at(4_000_000_000) })), kind: PendingApproval, cause: "rolls back: the file was encrypted at 2026-11-22T12:02:00Z, the value in Vault comes from one encrypted at 2026-11-22T12:03:00Z"},
		{name: "sealed before what it would replace", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, by(us, 3)), kind: PendingApproval, cause: "rolls back"},
		{name: "sealed before, but not changed", wants: want(func(w *Want) { w.Sealed = at(-1) }), entry: entry(3, by(us, 3)), kind: Unchanged},
		{name: "another ciphertext of the same value", wants: reencrypted(), entry: entry(3, fingerprinted()), kind: UpdateRecord},
		{name: "another ciphertext of the same value, sealed before", wants: want(func(w *Want) {
			w.SOPS1, w.Key1, w.HMAC1, w.Sealed = "other", "other", secrets.ValueFingerprints{"value"}, at(-1)
		}), entry: entry(3, fingerprinted()), kind: UpdateRecord},
		{name: "another ciphertext of the same value, overwritten", wants: reencrypted(), entry: entry(4, fingerprinted()), kind: Repair, cause: "overwritten"},
		{name: "another ciphertext, and a record without the value's fingerprint", wants: reencrypted(), entry: entry(3, by(us, 3)), kind: Change},
		{name: "the same ciphertext, and a record without the value's fingerprint", wants: want(func(w *Want) { w.HMAC1 = secrets.ValueFingerprints{"value"} }), entry: entry(3, by(us, 3)), kind: UpdateRecord, cause: "updated to the newest fingerprint key"},
		{name: "the same ciphertext, and no fingerprint key any more", wants: want(nil), entry: entry(3, fingerprinted()), kind: Unchanged},
		{name: "the same ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1 = "" }), entry: entry(3, fingerprinted()), in: Input{Keyless: true}, kind: Unchanged},
		{name: "another ciphertext, compared without keys", wants: want(func(w *Want) { w.Key1, w.SOPS1 = "", "other" }), entry: entry(3, fingerprinted()), in: Input{Keyless: true}, kind: Change, cause: "only a key can show"},
		{
			name: "in a workflow that Vault did not show", wants: want(nil),
			in: Input{Unseen: map[secrets.Scope]error{deploy: errors.New("permission denied")}}, kind: Blocked, cause: "not checked: permission denied",
		},
		{name: "undeleted, and the commit has it again", wants: want(nil), entry: entry(3, undeleted()), kind: Change, cause: "the secret was undeleted by hand"},
		{name: "owned, and the branch contains no manifest", entry: entry(3, by(us, 3)), in: Input{Empty: true}, kind: PendingApproval, cause: "contains no manifest"},
	})
}

func TestAdoption(t *testing.T) {
	t.Parallel()
	checkRows(t, []planRow{
		{name: "another owner's, adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Adopt, cause: "owned by terraform/shop"},
		{name: "another owner's, only unmanaged adopted", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{Adopt: Adoption{Unmanaged: true}}, kind: Blocked, cause: "relay-sync adopt deploy/token"},
		{name: "unmanaged, unmanaged adopted", wants: want(nil), entry: entry(1, nil), in: Input{Adopt: Adoption{Unmanaged: true}}, kind: Adopt},
		{name: "drifted and only reported, adopted", wants: want(nil), entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly, Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Repair, cause: "overwritten"},
		{name: "drifted and only reported, unmanaged adopted", wants: want(nil), entry: entry(4, by(us, 3)), in: Input{Drift: ReportOnly, Adopt: Adoption{Unmanaged: true}}, kind: Drift, cause: "; to repair it: relay-sync adopt deploy/token"},
		{name: "owned already, adopted", wants: want(nil), entry: entry(3, by(us, 3)), in: Input{Adopt: Adoption{Addresses: map[secrets.Address]bool{token: true}}}, kind: Unchanged},
	})
}

func TestUnwantedSecrets(t *testing.T) {
	t.Parallel()
	checkRows(t, []planRow{
		{name: "owned and unwanted", entry: entry(3, by(us, 3)), kind: Delete, cause: "no file of this commit"},
		{name: "owned and unwanted, in a failed sync", entry: entry(3, by(us, 3)), in: Input{Failed: true}, kind: Blocked, cause: "something failed"},
		{name: "owned, of a commit that is not an ancestor", entry: entry(3, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}}, kind: PendingApproval, approved: Delete, cause: "history was rewritten"},
		{name: "owned, of a commit that git does not know", entry: entry(3, foreignRevision()), kind: PendingApproval, approved: Delete, cause: "it is unknown whether"},
		{name: "overwritten, of a commit that is not an ancestor", entry: entry(4, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}}, kind: PendingApproval, approved: Release, cause: "not released: overwritten"},
		{name: "dead, of a commit that is not an ancestor", entry: dead(entry(3, foreignRevision())), in: Input{Descends: map[string]bool{strange: false}}, kind: Release, cause: "deleted at"},
		{name: "dead, of a commit that git does not know", entry: dead(entry(3, foreignRevision())), kind: Release, cause: "deleted at"},
		{name: "owned and unwanted, dead already", entry: dead(entry(3, by(us, 3))), kind: Release, cause: "deleted at"},
		{name: "owned and unwanted, overwritten", entry: entry(4, by(us, 3)), kind: Release, cause: "the other value stays"},
		{name: "undeleted, and unwanted", entry: entry(3, undeleted()), kind: PendingApproval, cause: "the secret was undeleted by hand"},
		{name: "another owner's unwanted", entry: entry(3, by(them, 3))},
		{name: "unmanaged and unwanted", entry: entry(3, nil)},
	})
}

func TestRewrittenHistory(t *testing.T) {
	t.Parallel()
	checkRows(t, []planRow{
		{name: "of a commit that is not an ancestor, followed", wants: changedWant(), entry: entry(3, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}}, kind: Change},
		{name: "of a commit that is not an ancestor, refused", wants: changedWant(), entry: entry(3, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}, History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "does not descend from bbbbbbbbbb"},
		{name: "of a commit that git does not know, refused", wants: changedWant(), entry: entry(3, foreignRevision()), in: Input{History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "it is unknown whether"},
		{name: "the same, of a commit that is not an ancestor, refused", wants: want(nil), entry: entry(3, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}, History: RefuseHistory}, kind: PendingApproval, approved: UpdateRecord, cause: "history: refuse"},
		{name: "overwritten, of a commit that is not an ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}, History: RefuseHistory}, kind: PendingApproval, approved: Repair, cause: "history: refuse"},
		{name: "overwritten and only reported, of a commit that is not an ancestor, refused", wants: want(nil), entry: entry(4, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}, History: RefuseHistory, Drift: ReportOnly}, kind: Drift},
		{name: "older, of a commit that is not an ancestor, refused", wants: want(func(w *Want) { w.SOPS1, w.Sealed = "other", at(-1) }), entry: entry(3, foreignRevision()), in: Input{Descends: map[string]bool{strange: false}, History: RefuseHistory}, kind: PendingApproval, approved: Change, cause: "rolls back"},
		{name: "of an ancestor, where others are refused", wants: changedWant(), entry: entry(3, by(us, 3)), in: Input{History: RefuseHistory}, kind: Change},
		{name: "new, where rewritten histories are refused", wants: want(nil), in: Input{History: RefuseHistory}, kind: Add},
		{name: "another owner's, where rewritten histories are refused", wants: want(nil), entry: entry(3, by(them, 3)), in: Input{History: RefuseHistory}, kind: Blocked, cause: "owned by"},
	})
}

func TestPlanIsOrderedByAddress(t *testing.T) {
	t.Parallel()
	observed := map[secrets.Address]secrets.Entry{}
	for _, name := range []string{"d", "b"} {
		observed[deploy.Secret(name)] = entry(1, by(us, 1))
	}
	var wants []Want
	for _, name := range []string{"a", "c", "e"} {
		wants = append(wants, Want{Address: deploy.Secret(name)})
	}
	var got []string
	for _, a := range Make(Input{Owner: us, Wants: wants, Deletes: DeletePolicy{AllowEmpty: true}, Observed: maps.Clone(observed), Descends: map[string]bool{older: true}}) {
		got = append(got, string(a.Kind)+" "+a.Address.Name)
	}
	if s := strings.Join(got, ", "); s != "add a, delete b, add c, delete d, add e" {
		t.Errorf("planned %s", s)
	}
}

// An older file with the same value must not lower the bar for other old files;
// one that replaces the value on request does.
func TestLaterEncryptionTimeStaysWithTheValue(t *testing.T) {
	t.Parallel()
	w := want(func(w *Want) { w.Sealed = at(-1) })[0]
	for kind, sealed := range map[Kind]time.Time{UpdateRecord: noon, Repair: noon, Change: at(-1), Adopt: at(-1)} {
		a := Action{Kind: kind, Address: token, Want: &w, Entry: entry(3, by(us, 3))}
		if got := a.Provenance(us, older).Sealed; !got.Equal(sealed) {
			t.Errorf("%s notes a seal of %s, want %s", kind, got, sealed)
		}
	}
}
