// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// reasonAnnotation marks a flag that requires --reason.
const reasonAnnotation = "relay_sync_requires_reason"

// reasonFlag defines --reason for the audit file. A person who approves, adopts or undeletes
// must give one: the command requires it together with each of the flags in with, and
// always if with is empty. The flags are defined before.
func reasonFlag(c *cobra.Command, reason *string, with ...string) {
	required := "required"
	if len(with) > 0 {
		required = "required with --" + strings.Join(with, ", --")
	}
	c.Flags().StringVar(reason, "reason", "", "reason for the audit file ("+required+")")
	if len(with) == 0 {
		if err := c.MarkFlagRequired("reason"); err != nil {
			panic("relay-sync: " + err.Error()) // the flag is defined a line above
		}
	}
	for _, name := range with {
		if err := c.Flags().SetAnnotation(name, reasonAnnotation, nil); err != nil {
			panic("relay-sync: " + err.Error()) // the caller has defined the flag
		}
	}
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		needed := len(with) == 0 || slices.ContainsFunc(with, c.Flags().Changed)
		switch {
		case needed && strings.TrimSpace(*reason) == "":
			return fmt.Errorf("required flag --reason is not set%s. Hint: add --reason 'why', for the audit file", withFlags(with))
		case c.Flags().Changed("reason"):
			return checkWords(*reason)
		}
		return nil
	}
}

// checkWords refuses the dots of a printed command.
func checkWords(reason string) error {
	if !strings.ContainsFunc(reason, isWord) {
		return fmt.Errorf("invalid --reason %q: must contain a letter or a digit. Hint: replace the dots of a printed command with the reason, for the audit file", reason)
	}
	return nil
}

// isWord distinguishes a reason from the dots of a printed command.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func withFlags(with []string) string {
	if len(with) == 0 {
		return ""
	}
	return " with --" + strings.Join(with, " or --")
}
