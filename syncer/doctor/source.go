// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxFailures limits the failed files of a source that are listed.
const maxFailures = 5

// ofSource are the checks of a source, from the plan of its commit. Pure.
func ofSource(r report.Report) []report.Check {
	name := "source " + r.Source
	if r.Err != nil {
		return []report.Check{failed(name, r.Err, "")}
	}
	var out []report.Check
	for i, f := range r.Failures {
		if i == maxFailures {
			out = append(out, report.Check{Name: name, State: report.CheckFailed, Text: fmt.Sprintf("and %d more", len(r.Failures)-i), Hint: "relay-sync verify lists them"})
			break
		}
		c := failed(name, f.Err, "")
		if f.File != "" && !strings.HasPrefix(c.Text, f.File+":") {
			c.Text = f.File + ": " + c.Text
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		return out
	}
	s := r.Summary()
	opens := "opens"
	if r.Files != 1 {
		opens = "open"
	}
	text := fmt.Sprintf("%s at %s: %s %s with the available keys, %s", r.Branch, plan.Short(string(r.Commit)), render.Count(r.Files, "file"), opens, render.Count(len(r.Results), "secret"))
	if waiting := s.Blocked + s.PendingApproval + s.PendingHandOver; waiting > 0 {
		return []report.Check{warn(name, fmt.Sprintf("%s; %d blocked or pending approval", text, waiting), "relay-sync plan --source "+r.Source+" shows the causes")}
	}
	return []report.Check{ok(name, text)}
}
