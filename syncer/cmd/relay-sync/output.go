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

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
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

func wantsColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
