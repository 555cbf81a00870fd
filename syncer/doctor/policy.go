// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	// anyName stands for every name in a folder: rules for single names do not count.
	anyName = "any"
	// foreignName is a workflow that no source lists.
	foreignName = "relay-doctor-no-such-workflow"
)

// operations are those of a controller.
var operations = []capability.Operation{capability.List, capability.Observe, capability.Write, capability.Delete}

// policies compares the rights of the token with what the sources need.
func (d Doctor) policies(ctx context.Context, session vaultclient.Directory) []report.Check {
	needed := d.addressesOf()
	foreign := d.Config.Vault.Root().In(foreignName).Secret(anyName)
	var paths []string
	for _, a := range append(slices.Clone(needed), foreign) {
		paths = append(paths, pathsOf(a)...)
	}
	approvals := d.approvalPaths()
	paths = append(paths, approvals...)
	slices.Sort(paths)
	granted, err := person.Capabilities(ctx, session, d.Config.Vault.Namespace, slices.Compact(paths)...)
	switch {
	case errors.Is(err, secrets.ErrTokenRejected):
		return []report.Check{warn(policyName, "not known: the token cannot read its own capabilities",
			"give the token Vault's policy default, or "+capability.Line("sys/capabilities-self", "update"))}
	case err != nil:
		return []report.Check{failed(policyName, err, "")}
	}
	return append(judge(needed, foreign, granted, d.policyCommand()), ofApprovals(approvals, granted)...)
}

// approvalPaths are the paths of an approver of each source.
func (d Doctor) approvalPaths() []string {
	var out []string
	for _, s := range d.Config.Sources {
		out = append(out, capability.ApprovalPath(d.Config.Vault.Mount, d.Config.Controller, s.Name, anyName))
	}
	return out
}

// ofApprovals warns if the token cannot read and remove approvals. Pure.
func ofApprovals(paths []string, granted map[string][]string) []report.Check {
	var lines []string
	for _, path := range paths {
		if !capability.Grants(granted[path], capability.Approvals...) {
			lines = append(lines, capability.Line(strings.TrimSuffix(path, anyName)+"+", capability.Approvals...))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []report.Check{warn(policyName, "relay-sync approve and the web page cannot approve plans: the token cannot read approvals", "add to its policy:\n"+strings.Join(lines, "\n"))}
}

// policyCommand prints the policy that the controller needs.
func (d Doctor) policyCommand() string {
	cfg := d.Config
	command := "relay-sync policy controller --controller " + secrets.QuoteShell(cfg.Controller)
	workflows := map[string]bool{}
	withConnections := false
	for _, s := range cfg.Sources {
		for _, workflow := range s.Workflows {
			workflows[workflow] = true
		}
		withConnections = withConnections || len(s.Connections) > 0
	}
	for _, workflow := range sortedKeys(workflows) {
		command += " --workflow " + secrets.QuoteShell(workflow)
	}
	if withConnections {
		command += " --connections-domain " + secrets.QuoteShell(cfg.Vault.Domain)
	}
	if cfg.Vault.Mount != secrets.DefaultMount {
		command += " --mount " + secrets.QuoteShell(cfg.Vault.Mount)
	}
	if cfg.Vault.Prefix != secrets.DefaultPrefix {
		command += " --prefix " + secrets.QuoteShell(cfg.Vault.Prefix)
	}
	return command
}

// addressesOf is a secret of each workflow, and a connection of each type, that sources list.
func (d Doctor) addressesOf() []secrets.Address {
	var out []secrets.Address
	root := d.Config.Vault.Root()
	for _, s := range d.Config.Sources {
		for _, workflow := range s.Workflows {
			out = append(out, root.In(workflow).Secret(anyName))
		}
		for _, id := range s.Connections {
			if a, err := connections.ParseAddress(root, d.Config.Vault.Domain, id); err == nil {
				out = append(out, connections.Address(root, d.Config.Vault.Domain, a.Group, anyName))
			}
		}
	}
	return out
}

// pathsOf are the paths that show the rights on an address.
func pathsOf(a secrets.Address) []string {
	return a.RequiredPaths(append(slices.Clone(operations), capability.Purge, capability.Read)...)
}

// judge compares what was granted with what is needed. command prints the policy that is
// needed. Pure.
func judge(needed []secrets.Address, foreign secrets.Address, granted map[string][]string, command string) []report.Check {
	if slices.ContainsFunc(needed, func(a secrets.Address) bool { return slices.Contains(granted[a.Path()], "root") }) {
		return []report.Check{warn(policyName, "the token is a root token, which can read every value", "make a token with a policy of its own:\n"+command)}
	}
	var missing, readable []string
	wider := map[string]bool{}
	for _, a := range needed {
		missing = append(missing, a.MissingRules(granted, operations...)...)
		if slices.Contains(granted[a.Path()], "read") {
			readable = append(readable, a.Scope.Title())
		}
		for _, text := range surplus(a, granted) {
			wider[text] = true
		}
	}
	var out []report.Check
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 {
		out = append(out, bad(policyName, "a capability is missing", "add to the policy of the token; each line replaces the one for its path:\n"+strings.Join(missing, "\n")))
	}
	if len(readable) > 0 {
		out = append(out, bad(policyName, "the token can read the values of "+problem.Listed(readable), `remove "read" from the rules for data/ in its policy`))
	}
	if len(foreign.MissingRules(granted, capability.Write)) == 0 {
		wider["write workflows that no source lists"] = true
	}
	for _, text := range sortedKeys(wider) {
		out = append(out, warn(policyName, "wider than needed: the token can "+text, "print what is needed:\n"+command))
	}
	if len(out) == 0 {
		out = append(out, ok(policyName, "complete, and not wider than needed; the token cannot read values"))
	}
	return out
}

// surplus is what a token can do with an entry beyond what a controller needs. Pure.
func surplus(a secrets.Address, granted map[string][]string) []string {
	var out []string
	for _, path := range pathsOf(a) {
		_, api, _ := strings.Cut(path, a.Mount+"/")
		api, _, _ = strings.Cut(api, "/")
		for _, name := range granted[path] {
			switch {
			case api == "data" && name == "read", name == "deny", name == "root": // judged elsewhere
			case api == "metadata" && name == "delete":
				out = append(out, "remove the metadata of secrets, with all versions and records")
			case name == "sudo":
				out = append(out, fmt.Sprintf("use %s with sudo", api))
			}
		}
	}
	return out
}

func sortedKeys(of map[string]bool) []string {
	var out []string
	for key := range of {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
