// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"strings"
)

// screen writes headings, paragraphs, commands and their output.
type screen struct {
	w     io.Writer
	color bool
	// afterCommand is set if the last line is a command without output so far.
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

// paragraph writes a paragraph with its line breaks.
func (s *screen) paragraph(text string) {
	s.afterCommand = false
	fmt.Fprintf(s.w, "\n%s\n", strings.TrimSpace(text))
}

// command writes a command before it runs. Commands without output form one block.
func (s *screen) command(typed string) {
	if !s.afterCommand {
		fmt.Fprintln(s.w)
	}
	s.afterCommand = true
	fmt.Fprintf(s.w, "  %s %s\n", s.paint(faint, "$"), s.paint(cyan, typed))
}

// output writes the output of a command, without blank lines around it.
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

// remark adds a fact that the output does not show, such as an exit code.
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
