// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Result is the output of a command that has exited.
type Result struct {
	// Stdout is its standard output.
	Stdout string
	// Stderr is its standard error as one printable line.
	Stderr string
	// ExitCode is its exit code.
	ExitCode int
}

// Run runs a command that prints at most 64 KiB. A non-zero exit code is not an error.
func (g Git) Run(ctx context.Context, args ...string) (Result, error) {
	return g.RunWithFile(ctx, nil, args...)
}

// RunWithFile is Run for a command that inherits a file as descriptor 3; nil for none.
func (g Git) RunWithFile(ctx context.Context, inherited *os.File, args ...string) (Result, error) {
	ctx, cancel := g.Bound(ctx, args[0])
	defer cancel()
	stdout, stderr := &head{max: maxStdout}, &head{max: maxStderr}
	cmd := g.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if inherited != nil {
		cmd.ExtraFiles = []*os.File{inherited}
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return Result{}, ended(ctx, args[0])
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, fmt.Errorf("run git %s: %w", args[0], err)
	}
	if stdout.truncated {
		return Result{}, fmt.Errorf("git %s: more than %d bytes of output", args[0], maxStdout)
	}
	return Result{Stdout: string(stdout.kept), Stderr: OneLine(stderr.kept), ExitCode: cmd.ProcessState.ExitCode()}, nil
}

// ended is why a command was killed when its context ended.
func ended(ctx context.Context, command string) error {
	if timeout, is := errors.AsType[*TimeoutError](context.Cause(ctx)); is {
		return timeout
	}
	return fmt.Errorf("git %s: %w", command, ctx.Err())
}

// Output is Run, but a non-zero exit code is an error.
func (g Git) Output(ctx context.Context, args ...string) (Result, error) {
	result, err := g.Run(ctx, args...)
	if err == nil && result.ExitCode != 0 {
		err = &ExitError{Command: args[0], Code: result.ExitCode, Stderr: result.Stderr}
	}
	return result, err
}

// ExitError is a command with a non-zero exit code.
type ExitError struct {
	Command string
	Code    int
	// Stderr is its standard error as one printable line.
	Stderr string
}

// Error names the command.
func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("git %s: %s", e.Command, e.end())
	}
	if OverMemory(e.Stderr) {
		return fmt.Sprintf("git %s: %s: %s", e.Command, e.Stderr, MemoryHint)
	}
	return fmt.Sprintf("git %s: %s (%s)", e.Command, e.Stderr, e.end())
}

// end is how the command ended. os/exec has the code -1 for a signal.
func (e *ExitError) end() string {
	if e.Code < 0 {
		return "killed by a signal"
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// head keeps the first max bytes written to it and discards the rest.
type head struct {
	max       int
	kept      []byte
	truncated bool
}

// Write implements io.Writer.
func (h *head) Write(b []byte) (int, error) {
	room := min(len(b), h.max-len(h.kept))
	h.kept = append(h.kept, b[:room]...)
	h.truncated = h.truncated || room < len(b)
	return len(b), nil
}
