// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
)

// ownSource moves a file to a source of its own.
func (w *world) ownSource() {
	w.t.Helper()
	other := w.cfg.Sources[0]
	w.cfg.Sources[0].Files = []string{"one.yaml"}
	other.Name, other.Files = "other", []string{"two.yaml"}
	w.cfg.Sources = append(w.cfg.Sources, other)
}

// beyondLimit has a commit with one more file than the limit.
func beyondLimit(follow func(w *world)) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Limits.Files = 1
		return func() { follow(w) }
	}
}

var limitAdvice = []advice{
	{message: "move files to a source of their own", begin: beyondLimit(func(w *world) { w.ownSource() })},
	{message: "remove large files from the history", test: "TestPackBombNeedsLittleMemory"},
}

// commented is a secret with comments that are too long together.
var commented = "workflows:\n  WF:\n" + strings.Repeat("    # a\n", 6_000) + "    new: value\n"

// largeValue has a commit with a value that is larger than the limit.
func largeValue(follow func(w *world)) func(w *world) func() {
	return func(w *world) func() {
		w.cfg.Vault.MaxValueBytes = 64
		w.values("one.yaml", "one: "+strings.Repeat("a", 65))
		return func() { follow(w) }
	}
}

var limitPrinted = []advice{
	{message: "Hint: compress the value, or split it into several secrets", begin: largeValue(func(w *world) {
		w.values("one.yaml", "one: "+strings.Repeat("a", 64), "two: a")
	})},
	{message: "a configuration of relay-sync can raise the limit with vault.max_value_bytes", begin: largeValue(func(w *world) { w.cfg.Vault.MaxValueBytes = 65 })},
	limitAdvice[0],
	{message: "or set a higher %s in the configuration of the source", begin: beyondLimit(func(w *world) { w.cfg.Sources[0].Limits.Files = 2 })},
	limitAdvice[1],
	{message: "or set a higher limits.git_mib", test: "TestPackBombNeedsLittleMemory"},
	{message: "element of a list; split the file", begin: split(commented+"    other: value\n", oneSecret, "workflows:\n  WF:\n    other: value\n")},
	{message: "or remove comments", begin: written(commented, oneSecret)},
}
