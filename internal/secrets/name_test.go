// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"strings"
	"testing"
)

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("no error, want one with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want one with %q", err, want)
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, want string }{
		{"deploy-production", ""},
		{"tls_key", ""},
		{"9lives", ""},
		{"Ünï code.txt", ""},
		{"a@b", ""},
		{strings.Repeat("a", 128), ""},
		{"", "it is empty"},
		{strings.Repeat("a", 129), "it has 129 bytes, at most 128"},
		{"a:b", `':' (U+003A)`},
		{"+", `begins with '+' (U+002B)`},
		{"*", `begins with '*'`},
		{"..", `begins with '.'`},
		{"a/b", `'/' (U+002F)`},
		{"a{{b", `'{'`},
		{"a$b", `'$'`},
		{"a%2fb", `'%'`},
		{`a"b`, `'"'`},
		{"a\nb", `'\n' (U+000A)`},
		{"a\u200bb", `'\u200b' (U+200B)`},
		{"-a", "begins with '-'"},
		{" a", "begins with ' '"},
		{"a ", "ends with a space"},
		{"a\xff", "not UTF-8"},
		{"e\u0301", "NFC"},
		{"\u0301e", "begins with"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := CheckName("workflow", row.name)
			wantError(t, err, row.want)
			if err != nil && (!errors.Is(err, ErrInvalid) || strings.ContainsAny(err.Error(), "\n\u200b")) {
				t.Errorf("the error is not one clean line of ErrInvalid: %q", err)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	a, err := ParseAddress(Scope{Mount: "customers", Prefix: "workflows"}, "deploy/token")
	if err != nil || a.Path() != "customers/data/workflows/deploy/token" || a.String() != "deploy/token" {
		t.Errorf("got %v, %q, %v", a, a.Path(), err)
	}
	for _, bad := range []string{"", "deploy", "deploy/", "/token", "a/b/c", "../token"} {
		if _, err := ParseAddress(Scope{Mount: "customers", Prefix: "workflows"}, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseAddress(Scope{Mount: "kv//x", Prefix: "workflows"}, "a/b"); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty segment of a mount passed: %v", err)
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"terraform/shop-prod", "gitops/cluster-1/platform", "person/ada.l"} {
		if o, err := parseOwner(good); err != nil || string(o) != good {
			t.Errorf("%s: %v, %v", good, o, err)
		}
	}
	for _, bad := range []string{"", "terraform", "terraform/", "terraform/A", "gitops/a", "gitops/a/b/c", "robot/x", "terraform/" + strings.Repeat("a", 49)} {
		if _, err := parseOwner(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s passed: %v", bad, err)
		}
	}
}

// TestCanonicalNamespace: one namespace has one address, however it is written.
func TestCanonicalNamespace(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"": "", "/": "", "root": "", "root/": "", "team": "team", "/team/a/": "team/a", "team/root": "team/root",
	} {
		if got := CanonicalNamespace(written); got != want {
			t.Errorf("%q is %q, expected %q", written, got, want)
		}
	}
}

// Rights on workflows inside the folder of relay-sync would be rights on approvals.
func TestReservedPrefixesAreRefused(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"relay-sync": "reserved for the approvals", "relay-sync/cluster-1": "reserved for the approvals", "relay-sync/teams": "reserved for the approvals",
		"connections": "reserved for connections", "connections/shop": "reserved for connections",
		"Relay-sync": "", "Connections": "", "relay-sync-2": "", "connection": "", "team/relay-sync": "", "team/connections": "", "workflows": "",
		"relay-sync/": "it is empty", "/relay-sync": "it is empty", "": "it is empty", "+/cluster-1": "begins with '+'", "../relay-sync": "begins with '.'",
	} {
		wantError(t, CheckPrefix(prefix), want)
		scope := Scope{Mount: "customers", Prefix: prefix, Group: "deploy"}
		wantError(t, scope.Check(), want)
		_, err := ParseAddress(scope, "deploy/token")
		wantError(t, err, want)
	}
	connection := Scope{Kind: Connection, Mount: "customers", Prefix: "connections/shop", Group: "aws"}
	wantError(t, connection.Check(), "")
}
