// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxNames limits the names in a line that sums up; the JSON output has all.
const maxNames = 10

// olderKey is the warning about records that need an older fingerprint key, before the
// command that signs them.
func olderKey(of []secrets.Address) string {
	var names []string
	for _, a := range of[:min(len(of), maxNames)] {
		names = append(names, a.Title())
	}
	if more := len(of) - maxNames; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("Keep the older fingerprint keys: %s valid only under one of them: %s. To sign under the newest key:",
		countVerb(len(of), "record"), strings.Join(names, ", "))
}

// countVerb is "1 record is" or "2 records are".
func countVerb(n int, noun string) string {
	if n == 1 {
		return Count(n, noun) + " is"
	}
	return Count(n, noun) + " are"
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
