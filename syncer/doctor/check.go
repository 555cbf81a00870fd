// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// hintMark separates the cause of an error from what to do.
const hintMark = "Hint:"

// failed is the check of something that failed with an error. The hint in the text of the
// error becomes that of the check; otherwise is the hint for an error without one.
func failed(name string, err error, otherwise string) report.Check {
	text, hint, found := strings.Cut(err.Error(), hintMark)
	if !found {
		hint = otherwise
		if first, rest, more := strings.Cut(text, "\n"); more {
			text, hint = first, strings.TrimSpace(rest+"\n"+otherwise)
		}
	}
	return bad(name, strings.TrimRight(text, " \n.;"), strings.TrimSpace(hint))
}

// bad and warn are checks that failed, and that warn, with what to do; skipped one that was not
// made.
func bad(name, text, hint string) report.Check {
	return report.Check{Name: name, State: report.CheckFailed, Text: text, Hint: hint}
}

func warn(name, text, hint string) report.Check {
	return report.Check{Name: name, State: report.CheckWarning, Text: text, Hint: hint}
}

func skipped(name, text, hint string) report.Check {
	return report.Check{Name: name, State: report.CheckSkipped, Text: text, Hint: hint}
}

func ok(name, text string) report.Check {
	return report.Check{Name: name, State: report.CheckOK, Text: text}
}

// list collects checks and passes each on.
type list struct {
	all  []report.Check
	each func(report.Check)
}

func (l *list) add(checks ...report.Check) {
	for _, c := range checks {
		l.all = append(l.all, c)
		l.each(c)
	}
}

// skip adds checks that were not made because of another one.
func (l *list) skip(because string, names ...string) {
	for _, name := range names {
		l.add(report.Check{Name: name, State: report.CheckSkipped, Text: "not checked, because of " + because})
	}
}
