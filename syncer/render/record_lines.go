// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxNames limits the names in a line that sums up; the JSON output has all.
const maxNames = 10

// titles are the names of secrets and connections in a line.
func titles(of []secrets.Address) string {
	var out []string
	for _, a := range of[:min(len(of), maxNames)] {
		out = append(out, a.Title())
	}
	if more := len(of) - maxNames; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// records is the noun after a number.
func records(n int) string {
	_, noun, _ := strings.Cut(Count(n, "record"), " ")
	return noun
}

// olderKey is the warning about records that need an older fingerprint key, before the
// command that signs them.
func olderKey(of []secrets.Address, command string) step {
	return step{
		text:  fmt.Sprintf("Keep the older fingerprint keys: %s valid only under one of them:", Count(len(of), "record")),
		names: titles(of), before: "To sign under the newest key:", command: command,
	}
}

// alsoApproved are the records of unchanged secrets that an approval updates; its
// text is empty without such records.
func alsoApproved(results []report.Result) step {
	var of []secrets.Address
	for _, r := range results {
		if r.Kind == plan.Unchanged && r.Approved != "" {
			of = append(of, r.Address)
		}
	}
	if len(of) == 0 {
		return step{}
	}
	return step{text: fmt.Sprintf("An approval also updates the records of unchanged secrets to this commit (%d):", len(of)), names: titles(of)}
}

// unsigned are the records that could not be signed again.
func unsigned(r report.Report) []string {
	var out []string
	for _, s := range r.Signatures {
		if s.Err != nil {
			out = append(out, fmt.Sprintf("sign the record of %s: %v", s.Address.Title(), s.Err))
		}
	}
	return out
}
