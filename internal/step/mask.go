// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"encoding/json"
	"io"
	"strings"
)

// masked are the characters that GitHub's commands escape in their text (actions/toolkit,
// command.ts).
var masked = strings.NewReplacer("%", "%25", "\r", "%0D")

// Mask lets the runner of GitHub Actions hide the values in the log of the job, line by line:
// the runner compares lines. A value that JSON escapes is masked in that form, too: ni and many
// other programs print it so. It writes to the standard error of a step, which the runner
// reads, too: the standard output is what people redirect.
func Mask(to io.Writer, found []Secret) error {
	var out strings.Builder
	for _, secret := range found {
		plain := secret.Value.plain()
		lines := strings.Split(plain, "\n")
		if text, err := json.Marshal(plain); err == nil && string(text) != `"`+plain+`"` {
			lines = append(lines, string(text[1:len(text)-1]))
		}
		for _, line := range lines {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				out.WriteString("::add-mask::" + masked.Replace(line) + "\n")
			}
		}
	}
	_, err := io.WriteString(to, out.String())
	return err
}
