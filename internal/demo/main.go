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
	os.Exit(demo(os.Args[1:], tools{bin: filepath.Dir(self), clis: clisOf(filepath.Dir(self))}, os.Stdout, os.Stderr))
}

// demo runs what the arguments choose, and returns the exit code. After a signal it cleans up.
func demo(args []string, t tools, stdout, stderr io.Writer) int {
	program := allSteps
	if len(args) == 1 && args[0] == "web" {
		program = webSample
	}
	// SIGPIPE, too: "make demo | head" must clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	err := perform(ctx, t, newScreen(stdout, wantsColor(stdout)), program)
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

// program is what the demo does in a new world.
type program struct {
	run func(ctx context.Context, w *world) error
	// closing is printed after everything was removed.
	closing string
}

var allSteps = program{run: performSteps, closing: `
The demo is complete. Every step was checked, and everything was removed.
README.md shows how to set this up for your own workflows.`}

// perform runs a program in a new world and removes it.
func perform(ctx context.Context, t tools, s *screen, p program) (err error) {
	w, err := newWorld(t, s)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, w.close())
		if err == nil {
			s.paragraph(p.closing)
		}
	}()
	if err := w.findTools(ctx); err != nil {
		return err
	}
	return p.run(ctx, w)
}

func performSteps(ctx context.Context, w *world) error {
	w.introduce()
	for i, step := range steps() {
		w.heading(i+1, step.title)
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
