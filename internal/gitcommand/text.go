// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// OneLine returns output of git as one printable line for an error, from its "fatal: " on if it has one.
func OneLine(output []byte) string {
	text := string(output)
	if at := strings.Index(text, "fatal: "); at >= 0 {
		text = text[at+len("fatal: "):]
	}
	return foreign.Short(strings.Join(strings.Fields(text), " "))
}
