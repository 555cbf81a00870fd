// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package capability

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Operation is what a token is to do with entries: a closed set.
type Operation int

// The operations.
const (
	// Read reads values. No role both reads and writes.
	Read Operation = iota
	// List lists the names in a folder.
	List
	// Observe reads metadata.
	Observe
	// Write writes a value and its record.
	Write
	// Delete soft-deletes a version and releases its record.
	Delete
	// Undelete restores a soft-deleted version.
	Undelete
	// Purge destroys all versions.
	Purge
	// Configure creates metadata before the first version.
	Configure
	// Tidy announces and makes the removal of an entry's metadata, with all versions and
	// records.
	Tidy
)

// Operations are the operations of the table, in the order of the constants.
func Operations() []Operation { return slices.Sorted(maps.Keys(table)) }

// Rule is one rule of a Vault policy before it has a mount and a folder.
type Rule struct {
	// API is the first segment below the mount, such as "data".
	API string
	// Folder: the rule is for the folder, whose names are listed, and not for its
	// entries.
	Folder bool
	// Capabilities are in the order of Vault's documentation.
	Capabilities []string
}

// updateRecord is what every change of a record requires. KV v2 requires "patch" where
// a key of metadata changes. "update" would replace the records of others, and no
// operation requires it.
var updateRecord = Rule{API: "metadata", Capabilities: []string{"read", "patch"}}

var table = map[Operation][]Rule{
	Read:     {{API: "data", Capabilities: []string{"read"}}},
	List:     {{API: "metadata", Folder: true, Capabilities: []string{"list"}}},
	Observe:  {{API: "metadata", Capabilities: []string{"read"}}},
	Write:    {{API: "data", Capabilities: []string{"create", "update"}}, updateRecord},
	Delete:   {{API: "delete", Capabilities: []string{"update"}}, updateRecord},
	Undelete: {{API: "undelete", Capabilities: []string{"update"}}, updateRecord},
	Purge:    {{API: "destroy", Capabilities: []string{"update"}}, updateRecord},
	// KV v2 requires "create" only where there is no entry yet.
	Configure: {{API: "metadata", Capabilities: []string{"create", "read", "patch"}}},
	// The mark comes first.
	Tidy: {{API: "metadata", Capabilities: []string{"read", "patch", "delete"}}},
}

// For returns what an operation requires.
func For(op Operation) []Rule { return slices.Clone(table[op]) }

// order is that of rules and capabilities in a policy.
var (
	order             = []Rule{{API: "data"}, {API: "metadata"}, {API: "metadata", Folder: true}, {API: "delete"}, {API: "undelete"}, {API: "destroy"}}
	capabilitiesOrder = []string{"create", "read", "update", "patch", "delete", "list"}
)

// Line is a rule of a Vault policy, in HCL, on one line. The path was checked before: it
// has no character that HCL would parse.
func Line(path string, capabilities ...string) string {
	return fmt.Sprintf(`path "%s" { capabilities = ["%s"] }`, path, strings.Join(capabilities, `", "`))
}

// Grants reports whether the capabilities that Vault returns for a path include all that are
// needed. A root token has "root" alone, and may do everything.
func Grants(granted []string, needs ...string) bool {
	return slices.Contains(granted, "root") ||
		!slices.ContainsFunc(needs, func(need string) bool { return !slices.Contains(granted, need) })
}

// Union returns what all operations together require, one rule for each path.
func Union(ops ...Operation) []Rule {
	var out []Rule
	for _, r := range order {
		for _, capability := range capabilitiesOrder {
			if slices.ContainsFunc(ops, func(op Operation) bool { return requires(op, r, capability) }) {
				r.Capabilities = append(r.Capabilities, capability)
			}
		}
		if len(r.Capabilities) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// Sort returns capabilities in the order of a policy, each once.
func Sort(capabilities []string) []string {
	var out []string
	for _, name := range capabilitiesOrder {
		if slices.Contains(capabilities, name) {
			out = append(out, name)
		}
	}
	for _, name := range capabilities { // such as sudo
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func requires(op Operation, on Rule, capability string) bool {
	return slices.ContainsFunc(table[op], func(r Rule) bool {
		return r.API == on.API && r.Folder == on.Folder && slices.Contains(r.Capabilities, capability)
	})
}
