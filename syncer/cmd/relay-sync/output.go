// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// progress updates one line on a terminal, and prints nothing elsewhere.
func (o *options) progress() func(string, int, int) {
	terminal := o.stderr.Unwrap()
	if !isTerminal(terminal) {
		return func(string, int, int) {}
	}
	var last time.Time
	return func(source string, done, of int) {
		if done < of && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		fmt.Fprintf(terminal, "\r\x1b[K%s: %d of %d", foreign.Short(source), done, of)
		if done == of {
			fmt.Fprint(terminal, "\r\x1b[K")
		}
	}
}

// waits prints why a command waits, once a second at most: many secrets wait together.
func (o *options) waits() func(secrets.Address, time.Duration) {
	var mu sync.Mutex
	var last time.Time
	return func(a secrets.Address, longest time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if longest < time.Second || time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(o.stderr, "waiting up to %s (vault.settle): another write of %s may not be complete\n", longest.Round(time.Second), a.Title())
	}
}

// ask prints a question, which the answer follows on the same line.
func (o *options) ask(question string) {
	fmt.Fprint(o.stderr, question)
	_ = o.stderr.Flush() // without a reader of the question, its answer is missing, too
}

func (o *options) warn(text string) { fmt.Fprintln(o.stderr, "warning: "+foreign.Lines(text)) }

// flush prints the last line if it has no end.
func (o *options) flush() {
	_, _ = o.stdout.Flush(), o.stderr.Flush() // the exit code is decided
}

func wantsColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	if wrapped, ok := w.(*foreign.Writer); ok {
		w = wrapped.Unwrap()
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
