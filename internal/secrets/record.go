// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// recordPrefix begins the custom_metadata key of every record.
	recordPrefix = "relay."
	// maxRecordBytes is Vault's limit for one custom_metadata value.
	maxRecordBytes = 512
	// maxOriginBytes leaves room for every other field of a secret's record. That of
	// a connection, which names bodies as well, leaves less.
	maxOriginBytes = 140
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
	// SOPS1, Key1 and HMAC1 are fingerprints, 16 bytes in hex.
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
	revisionForm    = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	fingerprintForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	bodyForm        = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// check rejects provenance that does not fit into a record. The error wraps ErrInvalid.
func (n Provenance) check() error {
	if n.Revision != "" && !revisionForm.MatchString(n.Revision) {
		return invalidf("revision %s: expected a whole git commit id", quoteName(n.Revision))
	}
	for _, fingerprint := range []string{n.SOPS1, n.Key1, n.HMAC1} {
		if fingerprint != "" && !fingerprintForm.MatchString(fingerprint) {
			return invalidf("a fingerprint is not 16 bytes in hex")
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

// String is the record as custom_metadata contains it: fields separated by one space,
// without those that have no value.
func (r Record) String() string {
	fields := []string{
		"version=" + strconv.Itoa(r.Version),
		"time=" + formatTime(r.Time),
	}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, name+"="+value)
		}
	}
	switch {
	case r.Released && r.Deleted:
		add("released", "true")
		add("deleted", "true")
	case r.Released:
		add("released", "true")
	case r.Undeleted:
		add("undeleted", "true")
	}
	add("expires", formatTime(r.Expires))
	add("revision", r.Revision)
	add("sealed", formatTime(r.Sealed))
	add("sops1", r.SOPS1)
	add("key1", r.Key1)
	add("hmac1", r.HMAC1)
	add("body", r.Body.ID)
	if r.Body.Fields > 0 {
		add("fields", strconv.Itoa(r.Body.Fields))
	}
	add("superseded", strings.Trim(strings.Join(r.Body.Superseded[:], ","), ","))
	room := maxRecordBytes - len(strings.Join(fields, " ")) - len(" origin=")
	add("origin", escapeOrigin(r.Origin, min(room, maxOriginBytes)))
	return strings.Join(fields, " ")
}

// parseRecord parses a record. Vault's answers are hostile: malformed text is not a
// record. Unknown fields belong to a later version of this product and are skipped.
func parseRecord(s string) (Record, bool) {
	if len(s) > maxRecordBytes {
		return Record{}, false
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(s, " ") {
		name, value, found := strings.Cut(field, "=")
		if _, twice := fields[name]; !found || twice {
			return Record{}, false
		}
		fields[name] = value
	}
	version, err := strconv.Atoi(fields["version"])
	if err != nil || version < 1 {
		return Record{}, false
	}
	written, ok := parseTime(fields["time"])
	if !ok || written.IsZero() {
		return Record{}, false
	}
	expires, ok1 := parseTime(fields["expires"])
	sealed, ok2 := parseTime(fields["sealed"])
	origin, err := url.PathUnescape(fields["origin"])
	if !ok1 || !ok2 || err != nil {
		return Record{}, false
	}
	bodyFields, err := strconv.Atoi(cmp.Or(fields["fields"], "0"))
	if err != nil {
		return Record{}, false
	}
	r := Record{
		Version: version, Time: written, Released: fields["released"] == "true", Expires: expires,
		Deleted: fields["deleted"] == "true", Undeleted: fields["undeleted"] == "true",
		Provenance: Provenance{
			Revision: fields["revision"], Origin: origin, Sealed: sealed,
			SOPS1: fields["sops1"], Key1: fields["key1"], HMAC1: fields["hmac1"],
		},
		Body: Body{ID: fields["body"], Fields: bodyFields},
	}
	ids := strings.Split(fields["superseded"], ",")
	return r, copy(r.Body.Superseded[:], ids) == len(ids) && r.Provenance.check() == nil && r.Body.check() == nil
}

// escapeOrigin keeps a path on one line without spaces. One that is too long is
// cut and ends in a hash of the whole, so that two long paths stay apart.
func escapeOrigin(path string, limit int) string {
	escaped := url.PathEscape(path)
	if len(escaped) <= limit {
		return escaped
	}
	sum := sha256.Sum256([]byte(path))
	tail := "~" + hex.EncodeToString(sum[:8])
	cut := limit - len(tail)
	// Not inside a percent escape, which takes three bytes.
	for cut > 0 && strings.Contains(escaped[max(cut-2, 0):cut], "%") {
		cut--
	}
	return escaped[:cut] + tail
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// parseTime parses a time in a record or an answer of Vault; "" is the zero time.
func parseTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
