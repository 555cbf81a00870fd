// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// policyLine is a rule of a Vault policy for exactly one workflow. For connections, it is for
// their domain: the bodies of all types are in one folder, under new ids.
func policyLine(s Scope, r capability.Rule) string {
	path := s.Mount + "/" + r.API + "/" + s.Prefix + "/" + s.Group + "/"
	if s.Kind != Secret {
		path = s.Mount + "/" + r.API + "/" + s.Prefix + "/+/"
	}
	if !r.Folder {
		path += "+"
	}
	return capability.Line(path, r.Capabilities...)
}

// policyCommand prints the rules for an operation of a program or person with a role: in
// one workflow, or in the connections of a domain.
func policyCommand(s Scope, op capability.Operation, role string) string {
	option := ""
	switch op {
	case capability.Tidy:
		role = "tidy"
	case capability.Undelete:
		option = " --undelete"
	case capability.Purge:
		option = " --destroy"
	case capability.Configure:
		option = " --settings"
	}
	command := "relay-sync policy " + role
	if s.Kind == Secret {
		command += " --workflow " + QuoteShell(s.Group) + option
	} else {
		_, domain, _ := strings.Cut(s.Prefix, "/") // connections/DOMAIN
		command += " --connections-domain " + QuoteShell(domain) + option
	}
	if s.Mount != DefaultMount {
		command += " --mount " + QuoteShell(s.Mount)
	}
	if s.Kind == Secret && s.Prefix != DefaultPrefix {
		command += " --prefix " + QuoteShell(s.Prefix)
	}
	return command
}

// writerLines is a whole policy that suffices for every write, list and deletion in a
// scope, and for no reading of values.
func writerLines(s Scope) []string {
	var lines []string
	for _, r := range capability.Union(capability.Write, capability.List, capability.Delete) {
		lines = append(lines, policyLine(s, r))
	}
	return lines
}
