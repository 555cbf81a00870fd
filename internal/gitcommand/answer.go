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

// Result is what a command that ran to its end had to say.
type Result struct {
	// Stdout is its standard output.
	Stdout string
	// Stderr is its standard error, one printable line.
	Stderr string
	// ExitCode is its exit code.
	ExitCode int
}

// Run runs a command that answers in a few lines, at most 64 KiB. A non-zero exit is no error.
func (g Git) Run(ctx context.Context, args ...string) (Result, error) {
	return g.RunWithFile(ctx, nil, args...)
}

// RunWithFile is Ask for a command that inherits a file, if one is given, as descriptor 3.
func (g Git) RunWithFile(ctx context.Context, inherited *os.File, args ...string) (Result, error) {
	out, said := &head{max: maxAnswer}, &head{max: maxSaid}
	cmd := g.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, said
	if inherited != nil {
		cmd.ExtraFiles = []*os.File{inherited}
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return Result{}, fmt.Errorf("git %s: %w", args[0], ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Result{}, fmt.Errorf("running git %s: %w", args[0], err)
	}
	if out.cut {
		return Result{}, fmt.Errorf("git %s: more than %d bytes of output", args[0], maxAnswer)
	}
	return Result{Stdout: string(out.kept), Stderr: OneLine(said.kept), ExitCode: cmd.ProcessState.ExitCode()}, nil
}

// Output is Ask for commands of which a non-zero exit is an error.
func (g Git) Output(ctx context.Context, args ...string) (Result, error) {
	a, err := g.Run(ctx, args...)
	if err == nil && a.ExitCode != 0 {
		err = ExitError(args[0], a.ExitCode, a.Stderr)
	}
	return a, err
}

// ExitError tells of a command that ended with an exit code.
func ExitError(command string, code int, said string) error {
	if said == "" {
		return fmt.Errorf("git %s: exit code %d", command, code)
	}
	return fmt.Errorf("git %s: %s (exit code %d)", command, said, code)
}

// head keeps the first max bytes written to it and swallows the rest.
type head struct {
	max  int
	kept []byte
	cut  bool
}

func (h *head) Write(b []byte) (int, error) {
	room := min(len(b), h.max-len(h.kept))
	h.kept = append(h.kept, b[:room]...)
	h.cut = h.cut || room < len(b)
	return len(b), nil
}
