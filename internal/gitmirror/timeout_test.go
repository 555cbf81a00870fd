// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// idleRemote is a remote that waits for the next request of git.
type idleRemote struct{}

func (idleRemote) forward(_ context.Context, client *clientSide) error {
	_, err := io.Copy(io.Discard, client)
	return err
}
func (idleRemote) canNegotiate() bool { return true }
func (idleRemote) close()             {}

// TestGitThatDoesNotAnswerIsNotTheRemotesFault has a git that never ends. What is in the mirror is then unknown, so that it
// is not built again.
func TestGitThatDoesNotAnswerIsNotTheRemotesFault(t *testing.T) {
	t.Parallel()
	git := gitcommand.Git{Binary: filepath.Join(t.TempDir(), "git"), Dir: t.TempDir(), Timeout: 100 * time.Millisecond}
	if err := os.WriteFile(git.Binary, []byte("#!/bin/sh\n/bin/sleep 600\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	m := New(Config{Ref: "refs/heads/main", Folder: t.TempDir()})
	_, err := m.has(t.Context(), git, "x")
	if _, is := errors.AsType[*gitcommand.TimeoutError](err); !is {
		t.Errorf("has: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), git.Timeout)
	defer cancel()
	_, err = run(ctx, git.ForFetch(t.TempDir()), idleRemote{}, maxListing, "fetch")
	const slow = "git fetch did not end in time. Hint: the remote or the disk of the mirror is slow"
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), slow) {
		t.Errorf("fetch: %v", err)
	}
	if err := os.WriteFile(git.Binary, []byte("#!/bin/sh\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	if _, err := run(t.Context(), git.ForFetch(t.TempDir()), idleRemote{}, maxListing, "fetch"); err != nil {
		t.Errorf("fetch, with a git that answers: %v", err)
	}
}
