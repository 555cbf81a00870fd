// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// FuzzRecord: a text from Vault is not a record, or a record whose own text is read back as
// the same; and a MAC is valid for one text only.
func FuzzRecord(f *testing.F) {
	id := strings.Repeat("a", 40)
	const begin = "format=2 version=3 time=2026-11-22T12:00:00.000000005Z"
	fuzztest.Add(f, fuzztest.Texts(
		begin+" released=2026-11-22T13:00:00Z deleted=true expires=2027-01-01T00:00:00Z revision="+id,
		begin+" undeleted=true sealed=2026-11-22T11:00:00Z sops1=Dw8PDw8PDw8PDw8PDw8PDw key1=Dw8PDw8PDw8PDw8PDw8PDw hmac1=Dw8PDw8PDw8PDw8PDw8PDw origin=secrets%2Fa%20b.yaml",
		begin+" body=aaaaaaaa-0000-8000-8000-000000000000 fields=3 superseded=bbbbbbbb-0000-8000-8000-000000000000,cccccccc-0000-8000-8000-000000000000",
		"version=1 time=2026-11-22T12:00:00Z released=true sops1="+strings.Repeat("0f", 16),
		begin+" later=field mac1=Dw8PDw8PDw8PDw8PDw8PDw",
	)...)
	keys, owner, at := testKeys(f, "k"), Owner("gitops/main/shop"), testScope.Secret("token")
	f.Fuzz(func(t *testing.T, text string) {
		if mac := keys.verify(owner, at, text); mac == MACValid {
			t.Errorf("a forged MAC is valid: %q", text)
		}
		r, ok := parseRecord(text)
		if !ok {
			return
		}
		own := r.String()
		if len(own)+macBytes <= maxRecordBytes {
			if again, ok := parseRecord(own); !ok || again.String() != own {
				t.Errorf("%q has the text %q, which is not read back", text, own)
			}
		}
		if r.Version < 1 || r.Time.IsZero() || strings.ContainsAny(own, "\n\r") {
			t.Errorf("%q was read as %+v", text, r)
		}
		if mac := keys.verify(owner, at, keys.sign(owner, at, own)); mac != MACValid {
			t.Errorf("the MAC of %q is %v", own, mac)
		}
	})
}

// FuzzEntry: whatever metadata Vault returns, it is rejected, or an owner is only that of
// a record that names the current version with its time.
func FuzzEntry(f *testing.F) {
	const versions = `"versions":{"3":{"created_time":"2026-11-22T12:00:00.000000005Z","deletion_time":"","destroyed":false}}`
	const record = "format=2 version=3 time=2026-11-22T12:00:00.000000005Z"
	fuzztest.Add(f, fuzztest.Texts(
		`{"current_version":3,"oldest_version":1,`+versions+`,"custom_metadata":{"relay.terraform/shop":"`+record+`","team":"a"}}`,
		`{"current_version":3,"oldest_version":3,"delete_version_after":"720h0m0s",`+versions+`,"custom_metadata":{"relay.gitops/a/b":"`+record+` released=true","relay.team/x":"`+record+`"}}`,
		`{"current_version":3,`+versions+`,"custom_metadata":{"relay.tidy":"version=3 time=2026-11-22T12:00:00Z","relay.person/ada-0123456789abcdef":"x"}}`,
		`{"current_version":-1,"max_versions":-1,"versions":{"0":{"created_time":"x"}}}`,
		`{"current_version":0,"custom_metadata":null,"versions":null}`,
	)...)
	f.Fuzz(func(t *testing.T, text string) {
		var m kv.Metadata
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		m.Date = time.Date(2026, 11, 22, 12, 5, 0, 0, time.UTC)
		e, ok := entryFrom(m)
		if !ok {
			return
		}
		if owner, owned := e.Owner(); owned {
			r := e.Records[owner]
			if _, err := parseOwner(string(owner)); err != nil || r.Version != e.Current || r.Released || !e.Versions[e.Current].Created.Equal(r.Time) {
				t.Errorf("%s owns version %d by the record %s (%v)", owner, e.Current, r, err)
			}
		}
		if e.Live() && e.Versions[e.Current].Destroyed {
			t.Error("a destroyed version is live")
		}
		for key := range e.Settings.Labels {
			if strings.HasPrefix(key, recordPrefix) {
				t.Errorf("the record %q is a label", key)
			}
		}
		if line := e.DescribeCurrent() + e.Ownership(); strings.ContainsAny(line, "\n\x1b") {
			t.Errorf("the description has several lines: %q", line)
		}
		e.tidying()
		e.Expires()
		e.Seen()
	})
}

// FuzzOwner: a text is not an owner, or exactly one, whose key fits into Vault's limit.
func FuzzOwner(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts("terraform/shop", "gitops/main/shop", "person/ada-0123456789abcdef", "team/shop",
		"person/-0123456789abcdef", "terraform/../x")...)
	f.Fuzz(func(t *testing.T, text string) {
		owner, err := parseOwner(text)
		if err != nil {
			assertPrintableLine(t, err)
			return
		}
		if string(owner) != text || len(owner.recordKey()) > maxMetadataKeyBytes || strings.Contains(text, "//") || !owner.Same(owner) {
			t.Errorf("%q was read as the owner %q", text, owner)
		}
		if hash, is := owner.person(); is && (len(hash) != personHash || !strings.HasSuffix(text, hash)) {
			t.Errorf("%q has the hash %q", text, hash)
		}
	})
}

// FuzzName: an accepted name is one segment of a path that no policy, path or expression reads
// as anything else, and an address is read back from its text.
func FuzzName(f *testing.F) {
	fuzztest.Add(f, fuzztest.Seed{"deploy-production", "api_token"}, fuzztest.Seed{"Ünï code.txt", "a@b"}, fuzztest.Seed{"+", ".."}, fuzztest.Seed{"e\u0301", "a\u00a0b"}, fuzztest.Seed{"a*", "b "})
	f.Fuzz(func(t *testing.T, workflow, name string) {
		a := testScope.In(workflow).Secret(name)
		if err := a.Check(); err != nil {
			assertPrintableLine(t, err)
			return
		}
		if again, err := ParseAddress(testScope, a.String()); err != nil || again != a {
			t.Errorf("%q was read back as %+v (%v)", a, again, err)
		}
		for _, part := range []string{workflow, name} {
			if part == "" || len(part) > maxNameBytes || strings.ContainsAny(part, "/+*{}\"$%:'`\\<>|&;\n\r\x00") || strings.HasPrefix(part, ".") || strings.TrimSpace(part) != part {
				t.Errorf("the name %q was accepted", part)
			}
		}
		if strings.Count(a.Path(), "/") != 4 {
			t.Errorf("the path %q has other segments", a.Path())
		}
	})
}

// FuzzTransferEncoding: Relay's readers decode what is written to the value.
func FuzzTransferEncoding(f *testing.F) {
	fuzztest.Add(f, fuzztest.Seed{[]byte("plain text")}, fuzztest.Seed{[]byte("base64:aGVsbG8=")}, fuzztest.Seed{[]byte{0, 0xff}}, fuzztest.Seed{[]byte("")}, fuzztest.Seed{[]byte("base64:base64:")})
	f.Fuzz(func(t *testing.T, plain []byte) {
		value := NewValue(string(plain))
		wire := value.encoded()
		if !utf8.ValidString(wire) || strings.ContainsRune(wire, 0) {
			t.Errorf("not text for JSON: %q", wire)
		}
		got := []byte(wire)
		if encoded, is := strings.CutPrefix(wire, TransferPrefix); is {
			var err error
			if got, err = base64.StdEncoding.DecodeString(encoded); err != nil {
				t.Fatal(err)
			}
		}
		if string(got) != string(plain) {
			t.Errorf("%q is decoded to %q", plain, got)
		}
	})
}

// assertPrintableLine: an error that quotes a hostile text is bounded and has only printable ASCII
// in each line.
func assertPrintableLine(t *testing.T, err error) {
	t.Helper()
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if len(line) > 2000 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("the error has a line that is long or not printable: %q", line)
		}
	}
}
