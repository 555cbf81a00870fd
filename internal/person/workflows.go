// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Workflows returns the workflows that the rules of a token name, sorted, and whether the
// token may list the folder of all workflows. A workflow is named by a rule for its
// folder, or for a path in it, that grants anything on metadata or data. The names are
// incomplete: a rule with "+" is not in an ACL, and one that ends in the middle of a name
// ("deploy-*") names no workflow. Pure.
func Workflows(acl vaultclient.ACL, mount, prefix string) (names []string, listable bool) {
	found := map[string]bool{}
	for _, api := range []string{"metadata", "data"} {
		folder := mount + "/" + api + "/" + prefix + "/"
		for path, granted := range acl.Exact {
			rest, in := strings.CutPrefix(path, folder)
			name, _, below := strings.Cut(rest, "/")
			// Vault applies a rule without the slash to the list of the folder, too.
			if in && (below && grants(granted) || api == "metadata" && slices.Contains(granted, "list")) {
				found[name] = true
			}
		}
		for path, granted := range acl.Glob {
			rest, in := strings.CutPrefix(path, folder)
			if name, _, below := strings.Cut(rest, "/"); in && below && grants(granted) {
				found[name] = true
			}
		}
	}
	names = slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(name string) bool { return secrets.CheckName("workflow", name) != nil })
	return names, acl.Root || slices.Contains(rule(acl, mount+"/metadata/"+prefix+"/"), "list")
}

// Lists reports whether the rules without "+" let a token list the secrets of a workflow. Vault
// decides by them and by those with "+". Pure.
func Lists(acl vaultclient.ACL, mount, prefix, workflow string) bool {
	return acl.Root || slices.Contains(rule(acl, mount+"/metadata/"+prefix+"/"+workflow+"/"), "list")
}

// Teams returns the teams for which the rules of a token name their paths, sorted. The names
// are incomplete as those of Workflows. Pure.
func Teams(acl vaultclient.ACL, mount string) []string {
	var out []string
	for path, granted := range acl.Exact {
		team, in := strings.CutPrefix(path, capability.TeamPath(mount, ""))
		if _, err := secrets.TeamOwner(team); in && err == nil && slices.Contains(granted, capability.Team) {
			out = append(out, team)
		}
	}
	slices.Sort(out)
	return out
}

// rule returns the capabilities of the rule that Vault applies to a folder, apart from rules
// with "+".
func rule(acl vaultclient.ACL, folder string) []string {
	for _, path := range []string{folder, strings.TrimSuffix(folder, "/")} {
		if granted, is := acl.Exact[path]; is {
			return granted
		}
	}
	var (
		out     []string
		longest = -1
	)
	for beginning, granted := range acl.Glob {
		if strings.HasPrefix(folder, beginning) && len(beginning) > longest {
			out, longest = granted, len(beginning)
		}
	}
	return out
}

// grants reports whether a rule grants anything.
func grants(capabilities []string) bool {
	return len(capabilities) > 0 && !slices.Contains(capabilities, "deny")
}
