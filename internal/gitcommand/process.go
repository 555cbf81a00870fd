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

// Process is a running command whose output is read as it comes. It ends with Wait or Kill.
type Process struct {
	// In is its standard input.
	In io.WriteCloser
	// Stdout is its standard output.
	Out *bufio.Reader

	name   string
	cmd    *exec.Cmd
	said   *head
	ctx    context.Context // the caller's
	cancel context.CancelFunc
}

// Start starts a command.
func (g Git) Start(ctx context.Context, args ...string) (*Process, error) {
	p := &Process{name: args[0], said: &head{max: maxSaid}, ctx: ctx}
	inner, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	p.cmd = g.command(inner, args...)
	p.cmd.Stderr = p.said
	stdin, inErr := p.cmd.StdinPipe()
	stdout, outErr := p.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		cancel()
		return nil, fmt.Errorf("running git %s: %w", p.name, err)
	}
	p.In, p.Out = stdin, bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("running git %s: %w", p.name, err)
	}
	return p, nil
}

// Wait ends a process whose output was read to its end, and returns why it failed, if it did.
func (p *Process) Wait() error {
	defer p.cancel()
	_ = p.In.Close() // fails only when git is gone, which Wait tells better
	err := p.cmd.Wait()
	if p.ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", p.name, p.ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return ExitError(p.name, exit.ExitCode(), OneLine(p.said.kept))
	}
	if err != nil {
		return fmt.Errorf("running git %s: %w", p.name, err)
	}
	return nil
}

// Kill ends a process whose further output nobody wants.
func (p *Process) Kill() {
	p.cancel()
	_ = p.Wait() // it was killed: its failure says nothing
}
