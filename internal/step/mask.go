// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"io"
	"strings"
)

// masked are the characters that GitHub's commands escape in their text (actions/toolkit,
// command.ts).
var masked = strings.NewReplacer("%", "%25", "\r", "%0D")

// Mask lets the runner of GitHub Actions hide the values in the log of the job, line by line:
// the runner compares lines. It writes to the standard error of a step, which the runner
// reads, too: the standard output is what people redirect.
func Mask(to io.Writer, found []Secret) error {
	var out strings.Builder
	for _, secret := range found {
		for line := range strings.SplitSeq(secret.Value.plain(), "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				out.WriteString("::add-mask::" + masked.Replace(line) + "\n")
			}
		}
	}
	_, err := io.WriteString(to, out.String())
	return err
}
