// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ConfigFlag is what a printed command needs to find the configuration, as a shell reads
// it: " -c /etc/relay-sync.yaml". It is empty for the default file.
type ConfigFlag string

// NewConfigFlag is the flag for the configuration file at a path.
func NewConfigFlag(path string) ConfigFlag { return ConfigFlag(" -c " + secrets.QuoteShell(path)) }

// Approve is the command that approves a plan. The person replaces the dots with the reason.
func (f ConfigFlag) Approve(planID string) string {
	return f.In(fmt.Sprintf("relay-sync apply --approve %s --reason ...", planID))
}

// ApproveAs is the command with which an approver approves what waits of a source. The
// person replaces the dots with the reason.
func (f ConfigFlag) ApproveAs(source string) string {
	return f.In(fmt.Sprintf("relay-sync approve %s --reason ...", secrets.QuoteShell(source)))
}

// Adopt is the command that adopts a secret, or with --records signs its record.
func (f ConfigFlag) Adopt(a secrets.Address, flags ...string) string {
	words := append(flags, secrets.QuoteShell(a.Title()), "--reason", "...")
	return f.In("relay-sync adopt " + strings.Join(words, " "))
}

// In is the command "relay-sync <name> ..." with the flag, so that it works when it is
// pasted.
func (f ConfigFlag) In(command string) string {
	program, rest, _ := strings.Cut(command, " ")
	name, rest, more := strings.Cut(rest, " ")
	command = program + " " + name + string(f)
	if more {
		command += " " + rest
	}
	return command
}
