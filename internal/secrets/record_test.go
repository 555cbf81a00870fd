// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

var testScope = Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: "deploy"}

// testKeys makes a key of each letter, newest first.
func testKeys(tb testing.TB, letters ...string) FingerprintKeys {
	tb.Helper()
	var raw [][]byte
	for _, letter := range letters {
		raw = append(raw, []byte(strings.Repeat(letter, fingerprintKeyBytes)))
	}
	keys, err := NewFingerprintKeys(raw...)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func TestRecordRoundTripsWithinItsLimit(t *testing.T) {
	t.Parallel()
	fingerprint := rapid.StringMatching(`([A-Za-z0-9_-]{21}[AQgw])?`)
	when := rapid.Custom(func(rt *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1, 1<<34).Draw(rt, "s"), rapid.Int64Range(0, 999999999).Draw(rt, "ns")).UTC()
	})
	rapid.Check(t, func(rt *rapid.T) {
		r := Record{
			Version:  rapid.IntRange(1, 1<<62).Draw(rt, "version"),
			Time:     when.Draw(rt, "time"),
			Released: rapid.Bool().Draw(rt, "released"), ReleasedAt: when.Draw(rt, "released at"),
			Deleted: rapid.Bool().Draw(rt, "deleted"), Undeleted: rapid.Bool().Draw(rt, "undeleted"),
			Expires: when.Draw(rt, "expires"),
			Provenance: Provenance{
				Revision: rapid.StringMatching(`([0-9a-f]{64})?`).Draw(rt, "revision"),
				Origin:   rapid.String().Draw(rt, "origin"),
				Sealed:   when.Draw(rt, "sealed"),
				SOPS1:    fingerprint.Draw(rt, "sops1"), Key1: fingerprint.Draw(rt, "key1"), HMAC1: fingerprint.Draw(rt, "hmac1"),
			},
		}
		text := r.String()
		if len(text) > maxRecordBytes-macBytes {
			rt.Fatalf("the record has %d bytes: %s", len(text), text)
		}
		back, ok := parseRecord(text)
		if !ok {
			rt.Fatalf("not read back: %s", text)
		}
		if strings.Contains(text, "~") || len(text) == maxRecordBytes-macBytes {
			back.Origin, r.Origin = "", "" // may be cut
		}
		if back.String() != r.String() {
			rt.Errorf("%s came back as %s", r, back)
		}
	})
}

func TestLongOriginsStayDistinct(t *testing.T) {
	t.Parallel()
	for limit := -1; limit < 2*minOriginBytes; limit++ { // never a panic, never too long
		got := escapeOrigin(strings.Repeat("ü", 30), limit)
		if len(got) > max(limit, 0) || (got == "") != (limit < minOriginBytes) {
			t.Errorf("with %d bytes left: %q", limit, got)
		}
	}
	long := strings.Repeat("schön/", 40)
	a, b := escapeOrigin(long+"a", maxOriginBytes), escapeOrigin(long+"b", maxOriginBytes)
	if a == b || len(a) > maxOriginBytes || len(b) > maxOriginBytes {
		t.Errorf("%s and %s", a, b)
	}
}

func TestMalformedRecordsAreRejected(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "x", "version=1", "version=0 time=2026-11-22T12:00:00Z", "version=-1 time=2026-11-22T12:00:00Z",
		"version=1 version=2 time=2026-11-22T12:00:00Z", "version=1 time=yesterday",
		"version=1 time=2026-11-22T12:00:00Z sealed=soon", "version=1 time=2026-11-22T12:00:00Z revision=../x",
		"version=1 time=2026-11-22T12:00:00Z origin=%zz", "version=1 time=2026-11-22T12:00:00Z body=../../x",
		"format=3 version=1 time=2026-11-22T12:00:00Z", "version=1 time=2026-11-22T12:00:00Z released=soon",
		"format=2 version=1 time=2026-11-22T12:00:00Z sops1=" + strings.Repeat("0f", 16),
		"version=1 time=2026-11-22T12:00:00Z fields=3", "version=1 time=2026-11-22T12:00:00Z fields=x", "version=1 time=2026-11-22T12:00:00Z superseded=" + strings.Repeat("0", 36),
		"version=1 time=2026-11-22T12:00:00Z x=" + strings.Repeat("y", 512),
	} {
		if r, ok := parseRecord(bad); ok {
			t.Errorf("%q was read as %v", bad, r)
		}
	}
	if _, ok := parseRecord("version=1 time=2026-11-22T12:00:00Z later=field"); !ok {
		t.Error("a field of a later version made the record unreadable")
	}
}

// TestRecordsOfBothFormatsAreRead keeps the texts of both formats: records in Vault
// depend on them.
func TestRecordsOfBothFormatsAreRead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 5, time.UTC)
	live, old := "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"
	const begin = "version=3 time=2026-11-22T12:00:00.000000005Z"
	hex32, base64url := strings.Repeat("0f", 16), "Dw8PDw8PDw8PDw8PDw8PDw"
	revision := strings.Repeat("a", 40)
	for name, row := range map[string]struct {
		format1, format2 string
		record           Record
	}{
		"the shortest": {format1: begin, format2: "format=2 " + begin, record: Record{Version: 3, Time: at}},
		"released at an unknown time": {
			format1: begin + " released=true", format2: "format=2 " + begin + " released=true",
			record: Record{Version: 3, Time: at, Released: true},
		},
		"released": {
			format2: "format=2 " + begin + " released=2026-11-22T13:00:00Z deleted=true origin=a%2Fb.yaml",
			record: Record{
				Version: 3, Time: at, Released: true, ReleasedAt: at.Truncate(time.Hour).Add(time.Hour), Deleted: true,
				Provenance: Provenance{Origin: "a/b.yaml"},
			},
		},
		"undeleted": {
			format1: begin + " undeleted=true expires=2026-11-22T13:00:00.000000005Z",
			format2: "format=2 " + begin + " undeleted=true expires=2026-11-22T13:00:00.000000005Z",
			record:  Record{Version: 3, Time: at, Undeleted: true, Expires: at.Add(time.Hour)},
		},
		"with every fingerprint and body": {
			format1: begin + " revision=" + revision + " sealed=2026-11-22T12:00:00Z sops1=" + hex32 +
				" key1=" + hex32 + " hmac1=" + hex32 + " body=" + live + " fields=2 superseded=" + old + " origin=x",
			format2: "format=2 " + begin + " revision=" + revision + " sealed=2026-11-22T12:00:00Z sops1=" + base64url +
				" key1=" + base64url + " hmac1=" + base64url + " body=" + live + " fields=2 superseded=" + old + " origin=x",
			record: Record{
				Version: 3, Time: at,
				Provenance: Provenance{
					Revision: revision, Sealed: at.Truncate(time.Second), SOPS1: base64url, Key1: base64url, HMAC1: base64url, Origin: "x",
				},
				Body: Body{ID: live, Fields: 2, Superseded: [2]string{old}},
			},
		},
	} {
		if got := row.record.String(); got != row.format2 {
			t.Errorf("%s: wrote %s\nwant %s", name, got, row.format2)
		}
		for _, text := range []string{row.format1, row.format2, row.format2 + " later=field mac1=AAAAAAAAAAAAAAAAAAAAAA"} {
			if back, ok := parseRecord(text); text != "" && (!ok || back != row.record) {
				t.Errorf("%s: %s was read as %+v (%t)", name, text, back, ok)
			}
		}
	}
}

func TestReleaseOfFormat1HasTheTimeOfTheDeletion(t *testing.T) {
	t.Parallel()
	const created, deleted = "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"
	m := kv.Metadata{
		CurrentVersion: 1, Versions: map[int]kv.Version{1: {CreatedTime: created, DeletionTime: deleted}},
		CustomMetadata: map[string]string{
			"relay.terraform/shop":  "version=1 time=" + created + " released=true",
			"relay.terraform/other": "version=1 time=2026-11-22T12:00:01Z released=true",
		},
	}
	e, ok := entryFrom(m)
	if got := formatTime(e.Records["terraform/shop"].ReleasedAt); !ok || got != deleted {
		t.Errorf("released at %q, want %s", got, deleted)
	}
	if other := e.Records["terraform/other"]; !other.Released || !other.ReleasedAt.IsZero() {
		t.Errorf("the release of another version: %+v", other)
	}
}

func TestOriginOfALongPathNamesItsFile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"a.yaml", "a~b.yaml", "ü %/" + strings.Repeat("secrets/", 40) + "a.yaml", strings.Repeat("é", 100)} {
		for _, limit := range []int{minOriginBytes, 40, maxOriginBytes} {
			kept, err := url.PathUnescape(escapeOrigin(path, limit))
			p := Provenance{Origin: kept}
			from := func(path string) bool { return p.From(NewFiles([]string{"other.yaml", path})) }
			if err != nil || !from(path) || from(path+"x") || from("") {
				t.Errorf("%q, in %d bytes: %q", path, limit, kept)
			}
		}
	}
	if (Provenance{}).From(NewFiles([]string{"a.yaml", ""})) {
		t.Error("a record without an origin is from a file")
	}
}

// longestRecords are the longest records of every kind, for paths of any length.
func longestRecords(origin string) map[string]Record {
	at := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	full := EncodeFingerprint(make([]byte, 16))
	written := Record{
		Version: math.MaxInt, Time: at, Expires: at, Undeleted: true,
		Provenance: Provenance{
			Revision: strings.Repeat("a", 64), Sealed: at.Truncate(time.Second), SOPS1: full, Key1: full, HMAC1: full, Origin: origin,
		},
	}
	released := written
	released.Expires, released.Undeleted, released.Released, released.ReleasedAt, released.Deleted = time.Time{}, false, true, at, true
	id := "ffffffff-ffff-ffff-ffff-ffffffffffff"
	body := Body{ID: id, Fields: math.MaxInt16, Superseded: [maxSuperseded]string{id, id}}
	out := map[string]Record{"secret": written, "released secret": released}
	written.Body, released.Body = body, body
	out["connection"], out["released connection"] = written, released
	return out
}

func TestLongestRecordsFitWithTheirMAC(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "k")
	for _, path := range []string{"", "a.yaml", strings.Repeat("schön/", 80), strings.Repeat("x", 30)} {
		for name, r := range longestRecords(path) {
			text := keys.sign("gitops/c/s", testScope.Secret("token"), r.String())
			if err := r.checkSize(); err != nil || len(text) > maxRecordBytes {
				t.Errorf("%s with a path of %d bytes: %d bytes, %v", name, len(path), len(text), err)
			}
			back, ok := parseRecord(text)
			if back.Origin = r.Origin; !ok || back != r {
				t.Errorf("%s was read as %+v (%t)", text, back, ok)
			}
		}
	}
	if text := longestRecords("secrets/a.yaml")["secret"].String(); !strings.HasSuffix(text, " origin=secrets%2Fa.yaml") {
		t.Errorf("the longest record of a secret has no origin: %s", text)
	}
}

func TestRecordThatDoesNotFitIsFoundBeforeTheValueIsSent(t *testing.T) {
	t.Parallel()
	kv := newModelKV()
	c, err := NewClient(Config{KV: kv, Owner: "terraform/shop"})
	if err != nil {
		t.Fatal(err)
	}
	a := testScope.Secret("token")
	// No valid provenance is so long; the check covers fields that are added later.
	late := Write{Address: a, Value: NewValue("x"), Provenance: Provenance{Revision: strings.Repeat("a", 512)}}
	if _, err := c.Put(t.Context(), late); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "Vault allows at most 512") {
		t.Errorf("the write: %v", err)
	}
	if _, err := kv.ReadMetadata(t.Context(), entryOf(a)); err == nil {
		t.Error("the value was sent")
	}
}

// TestRecordClaimsNoTimeAfterItsWrite: a file of a machine whose clock is ahead must not make
// later files look old.
func TestRecordClaimsNoTimeAfterItsWrite(t *testing.T) {
	t.Parallel()
	model := newModelKV()
	c, err := NewClient(Config{KV: model, Owner: "gitops/cluster/shop"})
	if err != nil {
		t.Fatal(err)
	}
	a := testScope.Secret("token")
	ahead := Provenance{Origin: "a.yaml", Sealed: time.Now().Add(4 * time.Minute).Truncate(time.Second)}
	written := mustPut(t, c, Write{Address: a, Value: NewValue("one"), Provenance: ahead})
	if r := mustDescribe(t, c, a).Records["gitops/cluster/shop"]; r.Sealed.After(written.Created) {
		t.Errorf("the record of a write claims %s, written at %s", r.Sealed, written.Created)
	}
	if err := c.UpdateRecord(t.Context(), a, mustDescribe(t, c, a), ahead); err != nil {
		t.Fatal(err)
	}
	if r := mustDescribe(t, c, a).Records["gitops/cluster/shop"]; r.Sealed.After(time.Now()) {
		t.Errorf("the record after an update claims %s", r.Sealed)
	}
}
