// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"
	"strings"

	"github.com/getsops/sops/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// The keys at the top of a manifest.
const (
	workflowsKey   = "workflows"
	connectionsKey = "connections"
	sopsKey        = "sops"
)

// layout finds the secrets in the tree of a file, by either reading.
type layout struct {
	// find reads the plain tree and reports every part that is not a secret.
	find func(root node, problems *Problems) (places []location, lines []int)
	// read lists the leaves in the reading of SOPS, without comments. It is false if
	// SOPS finds anything else.
	read func(branches sops.TreeBranches) (places []location, ok bool)
}

// manifestLayout is the layout of a manifest, whose tree contains the addresses.
var manifestLayout = layout{find: findLocations, read: sopsLocations}

// location is one leaf in one reading of the file: its address and its text.
type location struct {
	workflow, name string
	// kind and connection are of a field of a connection, which has no workflow.
	kind, connection string
	sealed           string
	// keys are the path in the tree of SOPS, padded with empty ones: SOPS authenticates
	// the value together with the path.
	keys [4]string
}

func secretLocation(workflow, name, sealed string) location {
	return location{workflow: workflow, name: name, sealed: sealed, keys: [4]string{workflowsKey, workflow, name}}
}

func fieldLocation(kind, connection, field, sealed string) location {
	return location{
		kind: kind, connection: connection, name: field, sealed: sealed,
		keys: [4]string{connectionsKey, kind, connection, field},
	}
}

func (p location) path() []string {
	n := len(p.keys)
	for n > 1 && p.keys[n-1] == "" {
		n--
	}
	return slices.Clone(p.keys[:n])
}

// authenticated is the path in the form that SOPS authenticates. Names contain no ":",
// so two locations of a file never share one.
func (p location) authenticated() string { return strings.Join(p.path(), ":") + ":" }

// tooMany is the problem of a file with too many secrets.
const tooMany = "contains %d secrets; at most %d are allowed; split it"

// findLocations walks the tree that is the address of each secret and reports every
// part of it that is none. lines has the line of each place.
func findLocations(root node, problems *Problems) (places []location, lines []int) {
	if root.kind != mapping {
		problems.add(root.line, nil, "is %s; a manifest is a mapping of workflows, connections and sops", root.kind)
		return nil, nil
	}
	if hasNoAddress(root) {
		problems.add(root.line, nil, "has names and values at the top level, and no address; set its workflow by an entry under map in the configuration, or write secrets as %s", secretShape)
		return nil, nil
	}
	if hasNothing(root) {
		problems.add(root.line, nil, noSecret)
		return nil, nil
	}
	for _, top := range root.entries {
		switch top.key {
		case sopsKey:
		case workflowsKey:
			found, at := findWorkflows(top, problems)
			places, lines = append(places, found...), append(lines, at...)
		case connectionsKey:
			found, at := findConnections(top, problems)
			places, lines = append(places, found...), append(lines, at...)
		default:
			problems.add(top.line, []string{top.key}, "is not a key of a manifest; the keys at the top level are workflows, connections and sops")
		}
	}
	_, workflows := root.get(workflowsKey)
	if _, connections := root.get(connectionsKey); !workflows && !connections {
		problems.add(root.line, nil, "has no workflows and no connections at the top level; write secrets as workflows.<workflow>.<secret>")
	}
	if len(places) > MaxLeaves {
		problems.add(lines[MaxLeaves], nil, tooMany, len(places), MaxLeaves)
	}
	return places, lines
}

// hasNoAddress reports whether a file has only names with values, as most SOPS files do.
func hasNoAddress(root node) bool {
	names := 0
	for _, top := range root.entries {
		if top.key != sopsKey && top.value.kind == mapping || top.key == workflowsKey || top.key == connectionsKey {
			return false
		}
		if top.key != sopsKey {
			names++
		}
	}
	return names > 0
}

// noSecret is the problem of a file whose last secret was removed. Each other advice
// would lead to the next empty level.
const noSecret = "contains no secret and no connection; delete the file with git rm, or add secrets with sops edit"

// hasNothing reports whether a manifest has only levels without values.
func hasNothing(root node) bool {
	for _, top := range root.entries {
		known := top.key == workflowsKey || top.key == connectionsKey
		if top.key != sopsKey && (!known || !isBare(top.value)) {
			return false
		}
	}
	return len(root.entries) > 1 // more than the sops section
}

func isBare(n node) bool {
	nested := func(e entry) bool { return !isBare(e.value) }
	return n.kind == null || n.kind == mapping && !slices.ContainsFunc(n.entries, nested)
}

func findWorkflows(top entry, problems *Problems) (places []location, lines []int) {
	path := []string{top.key}
	if !holdsNames(top, path, "workflows", secretShape, problems) {
		return nil, nil
	}
	for _, workflow := range top.value.entries {
		checkName("workflow", workflow, path, problems)
		inside := child(path, workflow.key)
		if !holdsNames(workflow, inside, "secrets", secretShape, problems) {
			continue
		}
		for _, leaf := range workflow.value.entries {
			checkName("secret", leaf, inside, problems)
			if isLeaf(leaf, child(inside, leaf.key), secretShape, problems) {
				places = append(places, secretLocation(workflow.key, leaf.key, leaf.value.text))
				lines = append(lines, leaf.line)
			}
		}
	}
	return places, lines
}

// The shapes of addresses, in messages.
const (
	secretShape     = "workflows.<workflow>.<secret>"
	connectionShape = "connections.<type>.<name>.<field>"
)

func findConnections(top entry, problems *Problems) (places []location, lines []int) {
	path := []string{top.key}
	if !holdsNames(top, path, "types", connectionShape, problems) {
		return nil, nil
	}
	for _, kind := range top.value.entries {
		checkName("connection type", kind, path, problems)
		below := child(path, kind.key)
		if !holdsNames(kind, below, "connections", connectionShape, problems) {
			continue
		}
		for _, connection := range kind.value.entries {
			checkName("connection", connection, below, problems)
			inside := child(below, connection.key)
			if !holdsNames(connection, inside, "fields", connectionShape, problems) {
				continue
			}
			for _, leaf := range connection.value.entries {
				checkName("field", leaf, inside, problems)
				if isLeaf(leaf, child(inside, leaf.key), connectionShape, problems) {
					places = append(places, fieldLocation(kind.key, connection.key, leaf.key, leaf.value.text))
					lines = append(lines, leaf.line)
				}
			}
		}
	}
	return places, lines
}

// holdsNames reports a value that is not a mapping with something in it.
func holdsNames(e entry, path []string, what, shape string, problems *Problems) bool {
	switch {
	case e.value.kind == mapping && len(e.value.entries) > 0:
		return true
	case e.value.kind == mapping || e.value.kind == null:
		problems.add(e.line, path, "is empty; remove it or add %s", what)
	default:
		problems.add(e.line, path, "is %s; it must be a mapping of %s: %s", e.value.kind, what, shape)
	}
	return false
}

func isLeaf(e entry, path []string, shape string, problems *Problems) bool {
	switch {
	case e.value.kind == mapping:
		problems.add(e.line, path, "is a mapping; values are allowed only at this depth: %s", shape)
	case e.value.kind == list:
		problems.add(e.line, path, "is a list, in which SOPS does not authenticate the position of a value; give each value a name")
	case e.value.kind == null:
		problems.add(e.line, path, "is null, which SOPS neither encrypts nor authenticates; give it a value or remove it")
	case e.value.kind != text:
		problems.add(e.line, path, "is %s in clear text; values must be strings: "+repeatChange+", with the value in quotes", e.value.kind)
	case e.value.text == "":
		problems.add(e.line, path, "is an empty string, which SOPS neither encrypts nor authenticates; give it a value or remove it")
	default:
		return true
	}
	return false
}

func checkName(what string, e entry, path []string, problems *Problems) {
	if err := secrets.CheckName(what, e.key); err != nil {
		problems.add(e.line, path, "has the %s", err)
	}
}
