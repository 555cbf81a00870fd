// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

const (
	// recordPrefix begins the custom_metadata key of every record.
	recordPrefix = "relay."
	// maxSuperseded is how many bodies a record names beside the live one: more do not
	// fit.
	maxSuperseded = 2
)

// Record is an owner's description of its last write to a secret. It is in the secret's
// custom_metadata, under a key that only this owner writes.
type Record struct {
	// Version and Time come from Vault's answer to the data write.
	Version int
	Time    time.Time
	// Released: the owner has released the secret. This record, and every older one of
	// any owner, no longer counts.
	Released bool
	// ReleasedAt is when, by Vault's clock; zero if that is unknown.
	ReleasedAt time.Time
	// Deleted: the owner of a released record soft-deleted the version itself, and so
	// may undelete it. The provenance stays for that.
	Deleted bool
	// Undeleted: the owner restored the version with Undelete. A write makes a record
	// without it.
	Undeleted bool
	// Expires is when Vault will delete the version by itself; zero for never.
	Expires time.Time
	Provenance
	// Body is unset for a secret.
	Body Body
}

// Provenance is where a value came from and how it was encrypted. Every field may be
// empty. None is derived from the plain text without a key (ARCHITECTURE.md, Fingerprints).
type Provenance struct {
	// Revision is the git commit.
	Revision string
	// Origin is the file that the value came from.
	Origin string
	// Sealed is when the file was encrypted; whole seconds.
	Sealed time.Time
	// SOPS1, Key1 and HMAC1 are fingerprints, as EncodeFingerprint makes them.
	SOPS1, Key1, HMAC1 string
}

// Body is the part of a record about the bodies of a connection (package connections).
type Body struct {
	// ID is that of the live body, Fields how many fields it has.
	ID     string
	Fields int
	// Superseded are the ids of those that it replaced and that still have values,
	// youngest first, then empty.
	Superseded [maxSuperseded]string
}

var (
	revisionForm = lazyregexp.New(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	bodyForm     = lazyregexp.New(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// sealedBy is the provenance with a time of encryption that is not later than the write of
// the record, by Vault's clock: a later one would make all later files look old.
func (n Provenance) sealedBy(written time.Time) Provenance {
	if n.Sealed.After(written) {
		n.Sealed = written.Truncate(time.Second)
	}
	return n
}

// check rejects provenance that does not fit into a record. The error wraps ErrInvalid.
func (n Provenance) check() error {
	if n.Revision != "" && !revisionForm.MatchString(n.Revision) {
		return invalidf("revision %s: expected a whole git commit id", quoteName(n.Revision))
	}
	for _, fingerprint := range []string{n.SOPS1, n.Key1, n.HMAC1} {
		if fingerprint != "" && !isFingerprint(fingerprint) {
			return invalidf("a fingerprint is not 16 bytes in base64url")
		}
	}
	return nil
}

func (b Body) check() error {
	if b.Fields < 0 || b.ID == "" && (b.Fields > 0 || b.Superseded[0] != "") {
		return invalidf("record: a body id is required before a number of fields or superseded bodies")
	}
	for _, id := range append(b.Superseded[:], b.ID) {
		if id != "" && !bodyForm.MatchString(id) {
			return invalidf("record: the id of a connection's body must be a UUID")
		}
	}
	return nil
}

func (o Owner) recordKey() string { return recordPrefix + string(o) }

// RecordTexts are the records of all owners as text. An owner whose record cannot be
// parsed has an empty text.
func (e Entry) RecordTexts() map[string]string {
	out := map[string]string{}
	for owner, r := range e.Records {
		out[string(owner)] = r.String()
	}
	for _, owner := range e.Malformed {
		out[string(owner)] = ""
	}
	return out
}
