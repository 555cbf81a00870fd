// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"strings"
)

// screen writes what the person sees: headings, sentences, commands and what
// they said.
type screen struct {
	w     io.Writer
	color bool
	// afterCommand says that the last line is a command that said nothing so far.
	afterCommand bool
}

func newScreen(w io.Writer, color bool) *screen { return &screen{w: w, color: color} }

const (
	bold  = "1"
	faint = "2"
	cyan  = "36"
)

func (s *screen) heading(number int, title string) {
	s.afterCommand = false
	text := fmt.Sprintf("%d. %s", number, title)
	fmt.Fprintf(s.w, "\n\n%s\n%s\n", s.paint(bold, text), s.paint(faint, strings.Repeat("-", len(text))))
}

// say writes a paragraph, as it is broken into lines.
func (s *screen) say(text string) {
	s.afterCommand = false
	fmt.Fprintf(s.w, "\n%s\n", strings.TrimSpace(text))
}

// command writes a command before it runs. Those that say nothing stand together.
func (s *screen) command(typed string) {
	if !s.afterCommand {
		fmt.Fprintln(s.w)
	}
	s.afterCommand = true
	fmt.Fprintf(s.w, "  %s %s\n", s.paint(faint, "$"), s.paint(cyan, typed))
}

// output writes what a command said, without blank lines around it.
func (s *screen) output(text string) {
	text = strings.Trim(text, "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	s.afterCommand = false
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintln(s.w, strings.TrimRight("  "+line, " "))
	}
}

// remark adds what a person would not see but should know.
func (s *screen) remark(text string) {
	s.afterCommand = false
	fmt.Fprintln(s.w, s.paint(faint, "  ("+text+")"))
}

func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
