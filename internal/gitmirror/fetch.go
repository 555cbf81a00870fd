// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// localError is a failure that the remote has no part in: the mirror may be damaged, or the disk be full.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// fetch lets git fetch the ref over a socket whose other end is the remote. A mark in the repository says so while it
// lasts.
func (m *Mirror) fetch(ctx context.Context, git gitcommand.Git, remote transport, want head, limit int64) error {
	tools, err := linkTools(m.cfg.Folder, git.Binary)
	if err != nil {
		return err
	}
	busy := filepath.Join(git.Dir, busyName)
	if err := os.WriteFile(busy, nil, 0o600); err != nil {
		return fmt.Errorf("writing to the mirror: %w", err)
	}
	if err := sweep(git.Dir); err != nil {
		return fmt.Errorf("clearing the mirror of what was left behind: %w", err)
	}
	settings := []string{}
	if !remote.negotiated(want.version) {
		settings = append(settings, "fetch.negotiationAlgorithm=noop")
	}
	if err := m.talk(ctx, git.ForFetch(tools, settings...), remote, limit); err != nil {
		return err
	}
	if err := os.Remove(busy); err != nil {
		return fmt.Errorf("writing to the mirror: %w", err)
	}
	return nil
}

func (m *Mirror) talk(ctx context.Context, git gitcommand.Git, remote transport, limit int64) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return err
	}
	talked := make(chan error, 1)
	go func() {
		err := remote.converse(ctx, newClientSide(ours, limit))
		_ = ours.Close() // git learns that there is no more
		talked <- err
	}()
	a, gitErr := git.RunWithFile(ctx, theirs, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
		"--end-of-options", "fd::3/remote", "+"+m.cfg.Ref+":"+m.cfg.Ref)
	_ = theirs.Close() // the other end learns that git is gone
	_ = ours.Close()
	talkErr := <-talked
	switch {
	case ctx.Err() != nil:
		return because(ctx, ctx.Err())
	case gitErr != nil:
		return gitErr
	case a.ExitCode == 0:
		return nil // whatever the remote did after that
	case talkErr != nil:
		return talkErr
	default:
		return &localError{fmt.Errorf("%w: %w", errFetch, gitcommand.ExitError("fetch", a.ExitCode, a.Stderr))}
	}
}

// errFetch introduces what git says of a fetch that the remote did its part for.
var errFetch = errors.New("git does not take what the remote sent, or cannot store it")

// tidy packs what many small fetches have left, now and then. Where that fails the mirror grows to its limit and is made
// anew.
func (m *Mirror) tidy(ctx context.Context, git gitcommand.Git) {
	tools, err := linkTools(m.cfg.Folder, git.Binary)
	if err != nil {
		return
	}
	_, _ = git.At(m.path).ForFetch(tools, "gc.autoDetach=false", "gc.auto=6700").Run(ctx, "gc", "--auto", "--quiet")
}
