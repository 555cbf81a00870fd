// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// Process is a running command whose output is read while it runs. The caller must call Wait or Kill.
type Process struct {
	// In is its standard input.
	In io.WriteCloser
	// Out is its standard output.
	Out *bufio.Reader

	name   string
	cmd    *exec.Cmd
	stderr *head
	ctx    context.Context // the caller's
	cancel context.CancelFunc
}

// Start starts a command.
func (g Git) Start(ctx context.Context, args ...string) (*Process, error) {
	p := &Process{name: args[0], stderr: &head{max: maxStderr}, ctx: ctx}
	inner, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	p.cmd = g.command(inner, args...)
	p.cmd.Stderr = p.stderr
	stdin, inErr := p.cmd.StdinPipe()
	stdout, outErr := p.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		cancel()
		return nil, fmt.Errorf("run git %s: %w", p.name, err)
	}
	p.In, p.Out = stdin, bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("run git %s: %w", p.name, err)
	}
	return p, nil
}

// Wait waits for a process whose output was read to its end.
func (p *Process) Wait() error {
	defer p.cancel()
	_ = p.In.Close() // fails only if git has exited, which cmd.Wait reports
	err := p.cmd.Wait()
	if p.ctx.Err() != nil {
		return ended(p.ctx, p.name)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ExitError{Command: p.name, Code: exit.ExitCode(), Stderr: OneLine(p.stderr.kept)}
	}
	if err != nil {
		return fmt.Errorf("run git %s: %w", p.name, err)
	}
	return nil
}

// Stop lets the process end soon, and its output with it. The caller must still call Wait or Kill.
func (p *Process) Stop() { p.cancel() }

// Kill ends a process whose output is no longer needed.
func (p *Process) Kill() {
	p.cancel()
	_ = p.Wait() // fails because it was killed
}
