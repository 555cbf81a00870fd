// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// contents counts what a manifest has.
func contents(v report.Verified) string {
	if v.Connections == 0 {
		return Count(v.Secrets, "secret")
	}
	return Count(v.Secrets, "secret") + ", " + Count(v.Connections, "connection")
}

// followers are the numbers of sources that follow each file.
func followers(all []report.Verified) map[string]int {
	out := map[string]int{}
	for _, v := range all {
		out[v.File]++
	}
	return out
}

// WriteVerified prints the outcome of verify.
func (t *Text) WriteVerified(all []report.Verified) error {
	refused := 0
	following := followers(all)
	for _, v := range all {
		file := foreign.Line(v.File)
		switch {
		case file == "":
			file = "source " + v.Source
		case following[v.File] > 1 && v.Source != "":
			file += " for source " + v.Source
		}
		if v.Err == nil {
			t.finding(0, green, "ok", file+"  "+contents(v))
			for _, note := range v.Notes {
				t.block(1, plain(note))
			}
			continue
		}
		refused++
		t.finding(0, red, "refused", file)
		t.block(1, plain(v.Err.Error()))
	}
	t.line(0)
	t.line(0, plain(fmt.Sprintf("%s, %d refused.", Count(len(all), "manifest"), refused)))
	return t.err
}
