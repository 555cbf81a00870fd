// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRecordRoundTripsWithinItsLimit(t *testing.T) {
	t.Parallel()
	hex32 := rapid.StringMatching(`([0-9a-f]{32})?`)
	when := rapid.Custom(func(rt *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1, 1<<34).Draw(rt, "s"), rapid.Int64Range(0, 999999999).Draw(rt, "ns")).UTC()
	})
	rapid.Check(t, func(rt *rapid.T) {
		r := Record{
			Version:  rapid.IntRange(1, 1<<62).Draw(rt, "version"),
			Time:     when.Draw(rt, "time"),
			Released: rapid.Bool().Draw(rt, "released"),
			Deleted:  rapid.Bool().Draw(rt, "deleted"), Undeleted: rapid.Bool().Draw(rt, "undeleted"),
			Expires: when.Draw(rt, "expires"),
			Provenance: Provenance{
				Revision: rapid.StringMatching(`([0-9a-f]{64})?`).Draw(rt, "revision"),
				Origin:   rapid.String().Draw(rt, "origin"),
				Sealed:   when.Draw(rt, "sealed"),
				SOPS1:    hex32.Draw(rt, "sops1"), Key1: hex32.Draw(rt, "key1"), HMAC1: hex32.Draw(rt, "hmac1"),
			},
		}
		text := r.String()
		if len(text) > maxRecordBytes {
			rt.Fatalf("the record has %d bytes: %s", len(text), text)
		}
		back, ok := parseRecord(text)
		if !ok {
			rt.Fatalf("not read back: %s", text)
		}
		if strings.Contains(text, "~") || len(text) == maxRecordBytes {
			back.Origin, r.Origin = "", "" // may be cut
		}
		if back.String() != r.String() {
			rt.Errorf("%s came back as %s", r, back)
		}
	})
}

func TestLongOriginsStayDistinct(t *testing.T) {
	t.Parallel()
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

func TestRecordTextIsFixed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 5, time.UTC)
	live, old := "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"
	hex32 := strings.Repeat("0f", 16)
	for text, r := range map[string]Record{
		"version=3 time=2026-11-22T12:00:00.000000005Z": {Version: 3, Time: at},
		"version=3 time=2026-11-22T12:00:00.000000005Z released=true deleted=true origin=a%2Fb.yaml": {
			Version: 3, Time: at, Released: true, Deleted: true, Provenance: Provenance{Origin: "a/b.yaml"},
		},
		"version=3 time=2026-11-22T12:00:00.000000005Z undeleted=true expires=2026-11-22T13:00:00.000000005Z": {
			Version: 3, Time: at, Undeleted: true, Expires: at.Add(time.Hour),
		},
		"version=3 time=2026-11-22T12:00:00.000000005Z revision=" + strings.Repeat("a", 40) + " sealed=2026-11-22T12:00:00Z sops1=" + hex32 +
			" key1=" + hex32 + " hmac1=" + hex32 + " body=" + live + " fields=2 superseded=" + old + " origin=x": {
			Version: 3, Time: at,
			Provenance: Provenance{Revision: strings.Repeat("a", 40), Sealed: at.Truncate(time.Second), SOPS1: hex32, Key1: hex32, HMAC1: hex32, Origin: "x"},
			Body:       Body{ID: live, Fields: 2, Superseded: [2]string{old}},
		},
	} {
		if got := r.String(); got != text {
			t.Errorf("got  %s\nwant %s", got, text)
		}
		if back, ok := parseRecord(text); !ok || back != r {
			t.Errorf("%s was read as %+v (%t)", text, back, ok)
		}
	}
}
