// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// rules are the capabilities by path: "path list read". A path with "*" at its end is a glob.
func rules(lines ...string) vaultclient.ACL {
	acl := vaultclient.ACL{Exact: map[string][]string{}, Glob: map[string][]string{}}
	for _, line := range lines {
		fields := strings.Fields(line)
		if beginning, is := strings.CutSuffix(fields[0], "*"); is {
			acl.Glob[beginning] = fields[1:]
		} else {
			acl.Exact[fields[0]] = fields[1:]
		}
	}
	return acl
}

func TestWorkflowsThatRulesName(t *testing.T) {
	t.Parallel()
	const metadata, data = "customers/metadata/workflows/", "customers/data/workflows/"
	for name, c := range map[string]struct {
		acl      vaultclient.ACL
		want     string
		listable bool
	}{
		"no rule":                      {acl: rules()},
		"root":                         {acl: vaultclient.ACL{Root: true}, listable: true},
		"viewer by name":               {acl: rules(metadata+"a/ list", metadata+"b/ list"), want: "a b"},
		"everything in a workflow":     {acl: rules(metadata+"a/* read list", data+"b/* create"), want: "a b"},
		"one secret":                   {acl: rules(data + "a/token create update"), want: "a"},
		"metadata of one secret":       {acl: rules(metadata + "a/token read"), want: "a"},
		"list without the slash":       {acl: rules(metadata + "a list"), want: "a"},
		"a secret, not a workflow":     {acl: rules(metadata+"a read", data+"b create")},
		"beginning of a name":          {acl: rules(metadata+"deploy-* read list", data+"deploy-* create")},
		"beginning of a secret":        {acl: rules(data + "a/to* create"), want: "a"},
		"denied":                       {acl: rules(metadata+"a/ deny", data+"a/* deny", data+"b/token deny")},
		"denied in part":               {acl: rules(metadata+"a/ deny", data+"a/* create"), want: "a"},
		"a rule that grants nothing":   {acl: rules(metadata + "a/")},
		"list of all":                  {acl: rules(metadata + " list"), listable: true},
		"list of all, no slash":        {acl: rules("customers/metadata/workflows list"), listable: true},
		"read is not list":             {acl: rules(metadata + " read")},
		"glob over the prefix":         {acl: rules("customers/metadata/* list read"), listable: true},
		"glob over everything":         {acl: rules("* list"), listable: true},
		"glob without the slash":       {acl: rules("customers/metadata/work* list"), listable: true},
		"glob denied by an exact rule": {acl: rules("customers/* list", metadata+" deny")},
		"glob denied by a longer one":  {acl: rules("customers/* list", "customers/metadata/* deny")},
		"a longer glob permits":        {acl: rules("customers/* deny", metadata+"* list", metadata+"a/* deny"), listable: true},
		"the exact slash first":        {acl: rules(metadata+" list", "customers/metadata/workflows deny"), listable: true},
		"other mount and prefix":       {acl: rules("other/metadata/workflows/a/ list", "customers/metadata/workflows2/a/ list", "customers/metadata/a/ list")},
		"invalid names":                {acl: rules(metadata+"+/ list", metadata+"a:b/ list", metadata+"/x list", metadata+"c/d/e read"), want: "c"},
		"sorted, each once":            {acl: rules(data+"b/* create", metadata+"b/ list", metadata+"b/x read", data+"a/x create"), want: "a b"},
	} {
		names, listable := Workflows(c.acl, "customers", "workflows")
		if got := strings.Join(names, " "); got != c.want || listable != c.listable {
			t.Errorf("%s: %q, listable %t, want %q, %t", name, got, listable, c.want, c.listable)
		}
	}
	deep := rules("kv/team/metadata/a/b/c/ list", "kv/team/metadata/a/b list")
	if names, listable := Workflows(deep, "kv/team", "a/b"); !slices.Equal(names, []string{"c"}) || !listable {
		t.Errorf("a mount and a prefix of several segments: %v, %t", names, listable)
	}
}

func TestRulesThatListAWorkflow(t *testing.T) {
	t.Parallel()
	list, read, deny := []string{"read", "list"}, []string{"read"}, []string{"deny"}
	for _, c := range []struct {
		name string
		acl  vaultclient.ACL
		want bool
	}{
		{"no rules", vaultclient.ACL{}, false},
		{"root", vaultclient.ACL{Root: true}, true},
		{"its folder", vaultclient.ACL{Exact: map[string][]string{"customers/metadata/workflows/deploy-1/": list}}, true},
		{"without the slash", vaultclient.ACL{Exact: map[string][]string{"customers/metadata/workflows/deploy-1": list}}, true},
		{"another folder", vaultclient.ACL{Exact: map[string][]string{"customers/metadata/workflows/deploy-2/": list}}, false},
		{"without list", vaultclient.ACL{Exact: map[string][]string{"customers/metadata/workflows/deploy-1/": read}}, false},
		{"the beginning of its name", vaultclient.ACL{Glob: map[string][]string{"customers/metadata/workflows/deploy-": list}}, true},
		{"all of a mount, but not these", vaultclient.ACL{Glob: map[string][]string{"customers/": list, "customers/metadata/workflows/deploy": deny}}, false},
		{"another mount", vaultclient.ACL{Glob: map[string][]string{"kv/": list}}, false},
	} {
		if got := Lists(c.acl, "customers", "workflows", "deploy-1"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTeamsThatRulesName(t *testing.T) {
	t.Parallel()
	const teams = "customers/metadata/relay-sync/teams/"
	acl := rules(teams+"shop patch", teams+"pay read patch", teams+"denied deny", teams+"read read", teams+"A patch", teams+"a/b patch", teams+" patch",
		"customers/metadata/relay-sync/other patch")
	if got := Teams(acl, "customers"); !slices.Equal(got, []string{"pay", "shop"}) {
		t.Error(got)
	}
}
