// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed testdata/axe/axe.min.js
var axe string

// smallest is the width at which WCAG 2.2 (1.4.10, Reflow) permits no scrolling in two dimensions.
const smallest = 320

// violation is a rule of axe-core that the page breaks.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// AssertAccessible fails the test if axe-core finds a violation in the page, on a usual window or a phone,
// in light or dark, or if the page scrolls sideways on a small phone. Afterwards the window is wide and light.
func (b *Tab) AssertAccessible() {
	b.t.Helper()
	for _, width := range []int64{narrow, wide} {
		for _, dark := range []bool{true, false} {
			b.Width(width)
			b.Dark(dark)
			for _, v := range b.violations() {
				b.t.Errorf("%s, %d pixels, dark %t: %s", b.URL(), width, dark, v)
			}
		}
	}
	b.Width(smallest)
	if over := evaluate[int](b, "document.scrollingElement.scrollWidth - window.innerWidth"); over > 0 {
		b.t.Errorf("%s: the page is %d pixels too wide for a window of %d", b.URL(), over, smallest)
	}
	b.Width(wide)
}

// violations runs axe-core. It needs the page's scripts to be on.
func (b *Tab) violations() []violation {
	b.t.Helper()
	if !evaluate[bool](b, "'axe' in window") {
		evaluate[bool](b, axe+"; true")
	}
	return evaluate[[]violation](b, "axe.run({resultTypes: ['violations']}).then(found => found.violations)")
}

func (v violation) String() string {
	var nodes strings.Builder
	for _, node := range v.Nodes {
		fmt.Fprintf(&nodes, "\n  %.300s\n    %s", node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", "\n    "))
	}
	return v.ID + ": " + v.Help + nodes.String()
}
