// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// checkWidth is the longest name of a check that is not of a source.
const checkWidth = len("listen_webhooks")

// Check prints one check, with what to do below it.
func (t *Text) Check(c report.Check) error {
	colors := map[report.CheckState]string{report.CheckOK: green, report.CheckWarning: yellow, report.CheckFailed: red, report.CheckSkipped: ""}
	t.line(0, part{colors[c.State], pad(string(c.State), len(report.CheckWarning))}, plain("  "+pad(c.Name, checkWidth)+"  "+c.Text))
	for line := range strings.SplitSeq(c.Hint, "\n") {
		if line != "" {
			t.line(0, plain(strings.Repeat(" ", len(report.CheckWarning)+checkWidth+4)+line))
		}
	}
	return t.err
}
