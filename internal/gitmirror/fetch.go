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

// remoteURL makes git use its descriptor 3 as the connection (git-remote-fd(1)).
const remoteURL = "fd::3/remote"

// localError is a failure that the remote has not caused: the mirror may be damaged, or the disk full.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// fetch fetches the ref. A file in the repository marks it as incomplete until the fetch has succeeded.
func (m *Mirror) fetch(ctx context.Context, git gitcommand.Git, remote transport, limit int64) error {
	busy := filepath.Join(git.Dir, busyName)
	if err := os.WriteFile(busy, nil, 0o600); err != nil {
		return fmt.Errorf("write to the mirror: %w", err)
	}
	if err := removeLeftovers(git.Dir); err != nil {
		return fmt.Errorf("remove leftovers of an earlier fetch from the mirror: %w", err)
	}
	settings := []string{}
	if !remote.canNegotiate() {
		settings = append(settings, "fetch.negotiationAlgorithm=noop")
	}
	_, err := run(ctx, git.ForFetch(m.tools(), settings...), remote, limit,
		"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
		"--end-of-options", remoteURL, "+"+m.cfg.Ref+":"+m.cfg.Ref)
	if failed, is := errors.AsType[*commandError](err); is && gitcommand.OverMemory(failed.result.Stderr) {
		return fmt.Errorf("%w: %w", ErrTooLarge, failed) // in another mirror, too
	} else if is {
		return &localError{fmt.Errorf("%w: %w", errStore, failed)}
	}
	if err != nil {
		return err
	}
	if err := os.Remove(busy); err != nil {
		return fmt.Errorf("write to the mirror: %w", err)
	}
	return nil
}

// errStore is the failure of a fetch after the remote has sent everything.
var errStore = errors.New("git rejected what the remote sent, or cannot store it")

// collectGarbage packs what many small fetches have left, if there is enough of it. If that fails, the mirror grows to
// its limit and is then created again.
func (m *Mirror) collectGarbage(ctx context.Context, git gitcommand.Git) {
	_, _ = git.At(m.path).ForFetch(m.tools(), "gc.autoDetach=false", "gc.auto=6700").Run(ctx, "gc", "--auto", "--quiet")
}
