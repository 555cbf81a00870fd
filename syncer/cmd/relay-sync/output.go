// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress updates one line on a terminal, and prints nothing elsewhere.
func (o *options) progress() func(string, int, int) {
	if !isTerminal(o.stderr) {
		return func(string, int, int) {}
	}
	var last time.Time
	return func(source string, done, of int) {
		if done < of && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		fmt.Fprintf(o.stderr, "\r\x1b[K%s: %d of %d", source, done, of)
		if done == of {
			fmt.Fprint(o.stderr, "\r\x1b[K")
		}
	}
}

func wantsColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
