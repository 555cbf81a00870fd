// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

const (
	us   = secrets.Owner("terraform/us")
	them = secrets.Owner("gitops/cluster/them")
	idA  = "aaaaaaaa-0000-4000-8000-000000000000"
	idB  = "bbbbbbbb-0000-4000-8000-000000000000"
	idC  = "cccccccc-0000-4000-8000-000000000000"
	idD  = "dddddddd-0000-4000-8000-000000000000"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// pointer is an entry at a version written at noon and seen age later, with the
// record that its owner keeps.
func pointer(version int, age time.Duration, owner secrets.Owner, body secrets.Body) secrets.Entry {
	return secrets.Entry{
		Current: version, Oldest: 1, Date: noon.Add(age),
		Versions: map[int]secrets.Version{version: {Created: noon}},
		Records:  map[secrets.Owner]secrets.Record{owner: {Version: version, Time: noon, Body: body}},
	}
}

func bodies(live string, superseded ...string) secrets.Body {
	b := secrets.Body{ID: live, Fields: 2}
	copy(b.Superseded[:], superseded)
	return b
}

func field(version int, created time.Time, change func(*secrets.Version)) secrets.Entry {
	v := secrets.Version{Created: created}
	if change != nil {
		change(&v)
	}
	return secrets.Entry{Current: version, Date: noon.Add(time.Hour), Versions: map[int]secrets.Version{version: v}}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	before, after := noon.Add(-time.Second), noon.Add(time.Minute)
	good := field(1, before, nil)
	for name, c := range map[string]struct {
		body map[string]secrets.Entry
		want string
	}{
		"whole": {map[string]secrets.Entry{"a": good, "b": good}, "in sync"},
		"a field written again": {
			map[string]secrets.Entry{"a": good, "b": field(2, after, nil)},
			"field b overwritten: version 2 at 2026-11-22T12:01:00Z, last written 1",
		},
		"a field added": {
			map[string]secrets.Entry{"a": good, "b": good, "c": field(1, after, nil)},
			"field c overwritten: version 1 at 2026-11-22T12:01:00Z, last written 0",
		},
		"a field added and deleted again": {
			map[string]secrets.Entry{"a": good, "b": good, "c": field(1, after, func(v *secrets.Version) { v.Deleted = after })},
			"in sync",
		},
		"a field deleted": {
			map[string]secrets.Entry{"a": good, "b": field(1, before, func(v *secrets.Version) { v.Deleted = after })},
			"field b deleted at 2026-11-22T12:01:00Z",
		},
		"a field destroyed": {
			map[string]secrets.Entry{"a": good, "b": field(1, before, func(v *secrets.Version) { v.Destroyed = true })},
			"field b destroyed",
		},
		"a field whose metadata was removed": {map[string]secrets.Entry{"a": good}, "purged"},
		"a body of which nothing is left":    {nil, "purged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := pointer(3, time.Hour, us, bodies(idA))
			e.Fields = c.body
			if got := Judge(us, e, nil).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := Judge(us, pointer(3, time.Hour, them, bodies(idA)), nil).String(); got != "owned by "+string(them) {
		t.Errorf("another owner's connection: %q", got)
	}
}

func TestCheckFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, fields    string
		problem, remark string
	}{
		{"aws", "accessKeyID secretAccessKey", "", ""},
		{"aws", "accessKeyID secretAccessKey sessionToken", "", ""},
		{"aws", "accessKeyId secretAccessKey", "missing accessKeyID", "uses accessKeyId"},
		{"datadog", "apiKey", "", ""},
		{"warehouse", "anything", "", `unknown connection type "warehouse"`},
	} {
		got := CheckFields(c.kind, strings.Fields(c.fields))
		for _, part := range []struct{ got, want string }{{got.Problem, c.problem}, {got.Warning, c.remark}} {
			if !strings.Contains(part.got, part.want) || (part.want == "") != (part.got == "") {
				t.Errorf("%s with %s: %q, want %q", c.kind, c.fields, part.got, part.want)
			}
		}
	}
}

func TestUUIDsAreRejectedAsTypes(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		idA, strings.ToUpper(idA), strings.ReplaceAll(idA, "-", ""), "{" + idA + "}", "urn:uuid:" + idA, "", "a/b", "a+",
	} {
		if CheckType(kind) == nil {
			t.Errorf("type %q passed", kind)
		}
	}
	if err := CheckType("aws"); err != nil {
		t.Error(err)
	}
}

// TestDocumentedTypesAreTheKnownTypes compares the table in the documentation.
func TestDocumentedTypesAreTheKnownTypes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/resources/connection.md")
	if err != nil {
		t.Fatal(err)
	}
	list := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return "`" + strings.Join(names, "`, `") + "` "
	}
	for _, kind := range KnownTypes() {
		row := "| `" + kind + "` | " + list(known[kind].required) + "| " + list(known[kind].optional) + "|\n"
		if !strings.Contains(string(page), row) {
			t.Errorf("the row %s is missing in the documentation", row)
		}
	}
}
