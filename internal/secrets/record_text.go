// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

const (
	// recordFormat is the format that String writes. Format 1 has no field for it: its
	// fingerprints are in hex, and it contains released=true without a time.
	recordFormat = "2"
	// maxRecordBytes is Vault's limit for one custom_metadata value.
	maxRecordBytes = 512
	// maxOriginBytes and minOriginBytes bound the path of the file. It gets what the
	// other fields leave, and is left out where that is too little to distinguish files.
	maxOriginBytes = 140
	minOriginBytes = 24
	// unknownRelease is the release time of a record that does not have one.
	unknownRelease = "true"
)

// String is the record as custom_metadata contains it, without its MAC: fields
// separated by one space, without those that have no value. It leaves room for the MAC.
func (r Record) String() string {
	fields := []string{
		"format=" + recordFormat,
		"version=" + strconv.Itoa(r.Version),
		"time=" + formatTime(r.Time),
	}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, name+"="+value)
		}
	}
	if r.Released {
		add("released", cmp.Or(formatTime(r.ReleasedAt), unknownRelease))
	}
	switch {
	case r.Released && r.Deleted:
		add("deleted", "true")
	case !r.Released && r.Undeleted:
		add("undeleted", "true")
	}
	add("expires", formatTime(r.Expires))
	add("revision", r.Revision)
	add("sealed", formatTime(r.Sealed.Truncate(time.Second)))
	add("sops1", r.SOPS1)
	add("key1", r.Key1)
	add("hmac1", r.HMAC1)
	add("body", r.Body.ID)
	if r.Body.Fields > 0 {
		add("fields", strconv.Itoa(r.Body.Fields))
	}
	add("superseded", strings.Trim(strings.Join(r.Body.Superseded[:], ","), ","))
	room := maxRecordBytes - len(strings.Join(fields, " ")) - len(" origin=") - macBytes
	add("origin", escapeOrigin(r.Origin, min(room, maxOriginBytes)))
	return strings.Join(fields, " ")
}

// checkSize rejects a record that does not fit into Vault's limit with its MAC. The
// error wraps ErrInvalid.
func (r Record) checkSize() error {
	if n := len(r.String()) + macBytes; n > maxRecordBytes {
		return invalidf("the record would have %d bytes; Vault allows at most %d", n, maxRecordBytes)
	}
	return nil
}

// parseRecord parses a record of format 1 or 2. Vault's answers are hostile: malformed
// text is not a record. Unknown fields belong to a later version of this product and are
// skipped.
func parseRecord(s string) (Record, bool) {
	fields, ok := recordFields(s)
	if !ok {
		return Record{}, false
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
	released, ok3 := parseRelease(fields["released"])
	origin, err := url.PathUnescape(fields["origin"])
	if !ok1 || !ok2 || !ok3 || err != nil {
		return Record{}, false
	}
	bodyFields, err := strconv.Atoi(cmp.Or(fields["fields"], "0"))
	if err != nil {
		return Record{}, false
	}
	r := Record{
		Version: version, Time: written, Expires: expires,
		Released: fields["released"] != "", ReleasedAt: released,
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

// recordFields splits a record. Fingerprints of format 1 become those of format 2.
func recordFields(s string) (map[string]string, bool) {
	if len(s) > maxRecordBytes {
		return nil, false
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(s, " ") {
		name, value, found := strings.Cut(field, "=")
		if _, duplicate := fields[name]; !found || duplicate {
			return nil, false
		}
		fields[name] = value
	}
	switch fields["format"] {
	case recordFormat:
		return fields, true
	case "":
		for _, name := range []string{"sops1", "key1", "hmac1"} {
			fields[name] = canonicalFingerprint(fields[name])
		}
		return fields, true
	}
	return nil, false
}

// parseRelease parses the time of a release; zero if there was no release, or its time is unknown.
func parseRelease(s string) (time.Time, bool) {
	if s == unknownRelease {
		return time.Time{}, true
	}
	return parseTime(s)
}

// escapeOrigin keeps a path on one line without spaces. One that is too long is
// cut and ends in a hash of the whole, so that two long paths stay apart. It returns ""
// if limit is below minOriginBytes.
func escapeOrigin(path string, limit int) string {
	escaped := url.PathEscape(path)
	if len(escaped) <= limit {
		return escaped
	}
	if limit < minOriginBytes {
		return ""
	}
	tail := originTail(path)
	cut := limit - len(tail)
	// Not inside a percent escape, which takes three bytes.
	for cut > 0 && strings.Contains(escaped[max(cut-2, 0):cut], "%") {
		cut--
	}
	return escaped[:cut] + tail
}

// originTail is the end of the origin of a path that is too long for a record.
func originTail(path string) string {
	sum := sha256.Sum256([]byte(path))
	return "~" + hex.EncodeToString(sum[:8])
}

// Files is a set of files that values may come from.
type Files struct{ paths, tails map[string]bool }

// NewFiles returns the set of the files at the paths.
func NewFiles(paths []string) Files {
	f := Files{map[string]bool{}, map[string]bool{}}
	for _, path := range paths {
		f.paths[path], f.tails[originTail(path)] = true, true
	}
	return f
}

// From reports whether the value came from one of the files.
func (p Provenance) From(files Files) bool {
	at := strings.LastIndexByte(p.Origin, '~')
	return p.Origin != "" && files.paths[p.Origin] || at >= 0 && files.tails[p.Origin[at:]]
}

// WholeOrigin reports whether the path of the file is known, and not shortened.
func (p Provenance) WholeOrigin() bool {
	return p.Origin != "" && !shortened.MatchString(p.Origin)
}

// shortened is the form of originTail. A path that has it by chance counts as shortened.
var shortened = lazyregexp.New(`~[0-9a-f]{16}$`)

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
