// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// commandTimeout bounds one command, on a machine that is busy.
const commandTimeout = 2 * time.Minute

// command is one that the demo runs and shows.
type command struct {
	args []string
	// shown is the command as a person would type it; empty for args.
	shown string
	// dir is below the world's folder.
	dir string
	env map[string]string
	// code is the exit code that it has to end with.
	code int
	// says are texts that the output has to hold.
	says []string
	// trim takes from the output what the reader does not need; nil for nothing.
	trim func(string) string
	// quiet shows neither the command nor its output.
	quiet bool
}

// run runs a command, shows it, and fails unless it does what it has to.
func (w *world) run(ctx context.Context, c command) error {
	if !c.quiet {
		w.command(c.typed())
	}
	output, code, err := w.execute(ctx, c)
	if err != nil {
		return err
	}
	if err := w.judge(c, output, code); err != nil {
		return err
	}
	if c.quiet {
		return nil
	}
	shown := output
	if c.trim != nil {
		shown = c.trim(output)
	}
	w.output(shown)
	if c.code != 0 {
		w.remark(fmt.Sprintf("exit code %d", c.code))
	}
	return nil
}

func (c command) typed() string {
	if c.shown != "" {
		return c.shown
	}
	return strings.Join(c.args, " ")
}

// judge compares what a command did with what it had to do.
func (w *world) judge(c command, output string, code int) error {
	if code != c.code {
		return fmt.Errorf("%q ended with exit code %d instead of %d; it said:\n%s", c.typed(), code, c.code, output)
	}
	for _, text := range c.says {
		if !strings.Contains(output, text) {
			return fmt.Errorf("%q did not say %q, but:\n%s", c.typed(), text, output)
		}
	}
	return w.checkBlind(fmt.Sprintf("the output of %q", c.typed()), output)
}

// execute runs a command in a process group of its own, so that nothing it
// started outlives the context.
func (w *world) execute(ctx context.Context, c command) (output string, code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	program, err := w.tools.find(c.args[0])
	if err != nil {
		return "", 0, err
	}
	cmd := exec.CommandContext(ctx, program, c.args[1:]...)
	cmd.Dir = w.path(c.dir)
	cmd.Env = w.environment(c.env)
	inOwnGroup(cmd)
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", 0, fmt.Errorf("running %q: %w; until then it said:\n%s", c.typed(), ctx.Err(), said)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return string(said), exit.ExitCode(), nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("running %q: %w; it said:\n%s", c.typed(), err, said)
	}
	return string(said), 0, nil
}

// inOwnGroup makes the end of a command's context kill all that it started.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}
