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

// command is a command that the demo runs and shows.
type command struct {
	args []string
	// shown is the command as a user would type it; args if empty.
	shown string
	// dir is below the world's folder.
	dir string
	env map[string]string
	// code is the expected exit code.
	code int
	// contains lists texts that the output must contain.
	contains []string
	// trim shortens the output for the reader; nil shows all of it.
	trim func(string) string
	// quiet hides the command and its output.
	quiet bool
}

// run runs a command, shows it, and fails if the result is not as expected.
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

// judge compares the exit code and output of a command with what was expected.
func (w *world) judge(c command, output string, code int) error {
	if code != c.code {
		return fmt.Errorf("%q ended with exit code %d, expected %d; its output was:\n%s", c.typed(), code, c.code, output)
	}
	for _, text := range c.contains {
		if !strings.Contains(output, text) {
			return fmt.Errorf("the output of %q does not contain %q:\n%s", c.typed(), text, output)
		}
	}
	return w.checkBlind(fmt.Sprintf("the output of %q", c.typed()), output)
}

// execute runs a command in a process group of its own, so that no process that it
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
	combined, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", 0, fmt.Errorf("run %q: %w; its output until then was:\n%s", c.typed(), ctx.Err(), combined)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return string(combined), exit.ExitCode(), nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("run %q: %w; its output was:\n%s", c.typed(), err, combined)
	}
	return string(combined), 0, nil
}

// inOwnGroup puts a command into a process group, which the end of its context kills.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}
