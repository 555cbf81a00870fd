// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"
)

// Exit codes beside 0.
const (
	exitFailed      = 1
	exitInterrupted = 130
)

func main() {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: find the programs beside this one:", err)
		os.Exit(exitFailed)
	}
	os.Exit(demo(tools{bin: filepath.Dir(self), clis: clisOf(filepath.Dir(self))}, os.Stdout, os.Stderr))
}

// demo runs all steps and returns the exit code. After a signal it cleans up.
func demo(t tools, stdout, stderr io.Writer) int {
	// SIGPIPE, too: "make demo | head" must clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	err := perform(ctx, t, newScreen(stdout, wantsColor(stdout)))
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "\ndemo: interrupted")
	default:
		fmt.Fprintln(stderr, "\ndemo:", err)
	}
	if leftover, ok := errors.AsType[*leftoverError](err); ok {
		fmt.Fprintln(stderr, "demo:", leftover)
	} else {
		fmt.Fprintln(stderr, "demo: everything that it created was removed.")
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return exitFailed
}

// perform runs the steps in a new world and removes it.
func perform(ctx context.Context, t tools, s *screen) (err error) {
	w, err := newWorld(t, s)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, w.close())
		if err == nil {
			s.closing()
		}
	}()
	if err := w.findTools(ctx); err != nil {
		return err
	}
	w.introduce()
	for i, step := range steps() {
		s.heading(i+1, step.title)
		if err := step.run(ctx, w); err != nil {
			return fmt.Errorf("step %d, %q: %w", i+1, step.title, err)
		}
	}
	return nil
}

func wantsColor(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
