// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// commandError is a git command that failed although the connection to the remote did not.
type commandError struct {
	command string
	result  gitcommand.Result
}

func (e *commandError) Error() string {
	return (&gitcommand.ExitError{Command: e.command, Code: e.result.ExitCode, Stderr: e.result.Stderr}).Error()
}

// run runs a git command that reaches the remote through a socket, its descriptor 3. The other end of the socket is
// this process, which forwards to the remote and back at most limit bytes. The error is a *commandError if git failed
// by itself.
func run(ctx context.Context, git gitcommand.Git, remote transport, limit int64, args ...string) (gitcommand.Result, error) {
	local, inherited, err := socketPair()
	if err != nil {
		return gitcommand.Result{}, err
	}
	forwarded := make(chan error, 1)
	go func() {
		err := remote.forward(ctx, newClientSide(local, limit))
		_ = local.Close() // git then reads the end of the remote's output
		forwarded <- err
	}()
	result, gitErr := git.RunWithFile(ctx, inherited, args...)
	_ = inherited.Close() // the other end then reads the end of git's output
	_ = local.Close()
	forwardErr := <-forwarded
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		// A remote that is silent ends earlier, with errStalled.
		return result, fmt.Errorf("%w: timed out: git %s did not end in time. Hint: the remote or the disk of the mirror is slow; remote.timeout bounds a fetch", ErrUnreachable, args[0])
	case ctx.Err() != nil:
		return result, because(ctx, ctx.Err())
	case gitErr != nil:
		return result, gitErr
	case result.ExitCode == 0:
		return result, nil // what the remote sent after that has no effect
	case forwardErr != nil:
		return result, forwardErr
	}
	return result, &commandError{args[0], result}
}
