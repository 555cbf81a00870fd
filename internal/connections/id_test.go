// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var here = Address(secrets.Scope{Mount: "customers"}, "acme", "aws", "main")

func TestIDsAreInTheOrderOfTheirMaking(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 50 {
		now := noon.Add(-time.Duration(i) * time.Second) // a clock that runs backwards
		ids = append(ids, newID(us, here, now, ids...))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("the ids are not in order: %s", strings.Join(ids, " "))
	}
	for _, text := range ids {
		id, is := parseID(text)
		if parsed, err := uuid.Parse(text); !is || err != nil || parsed.Version() != 8 || parsed.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is not a UUID of version 8 (%v)", text, err)
		}
		if id.tags() != tagsOf(us, here) {
			t.Errorf("%s does not have its tags", text)
		}
	}
	if id, _ := parseID(ids[0]); id.made() != noon.UnixMilli() {
		t.Errorf("the first id was made at %d, want %d", id.made(), noon.UnixMilli())
	}
}

func TestTagsDistinguishOwnersAndConnections(t *testing.T) {
	t.Parallel()
	own := tagsOf(us, here)
	for name, other := range map[string]secrets.Address{
		"another name":      Address(secrets.Scope{Mount: "customers"}, "acme", "aws", "other"),
		"another type":      Address(secrets.Scope{Mount: "customers"}, "acme", "gcp", "main"),
		"another domain":    Address(secrets.Scope{Mount: "customers"}, "other", "aws", "main"),
		"another mount":     Address(secrets.Scope{Mount: "secret"}, "acme", "aws", "main"),
		"another namespace": Address(secrets.Scope{Mount: "customers", Namespace: "team"}, "acme", "aws", "main"),
	} {
		if tagsOf(us, other) == own || !tagsOf(us, other).sameOwner(own) {
			t.Errorf("%s: %x, and %x for this one", name, tagsOf(us, other), own)
		}
	}
	if tagsOf(them, here).sameOwner(own) {
		t.Error("two owners have the same tag")
	}
}

func TestForeignIDsAreNotParsed(t *testing.T) {
	t.Parallel()
	id := newID(us, here, noon)
	for _, text := range []string{"", "aws", idA, uuid.NewString(), strings.ToUpper(id), "{" + id + "}", strings.ReplaceAll(id, "-", "")} {
		if _, is := parseID(text); is {
			t.Errorf("%q was parsed", text)
		}
	}
}
