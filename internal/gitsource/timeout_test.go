// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// silence is a git that hangs in one command.
type silence struct {
	script string // before the real git runs
	do     func(context.Context, *Repository, Commit) error
	want   []string
}

func silences() map[string]silence {
	list := func(ctx context.Context, r *Repository, head Commit) error {
		_, err := r.Files(ctx, head, []string{"*.yaml"})
		return err
	}
	return map[string]silence{
		"branch": {
			`case "$*" in *for-each-ref*) hang;; esac`,
			func(ctx context.Context, r *Repository, _ Commit) error {
				_, err := r.Resolve(ctx, "main")
				return err
			},
			[]string{`resolve branch "main" of`, "git for-each-ref: timed out"},
		},
		"tag": {
			`case "$*" in *for-each-ref*) hang;; esac`,
			func(ctx context.Context, r *Repository, _ Commit) error {
				_, err := r.ResolveTag(ctx, "v1")
				return err
			},
			[]string{`"v1"`, "git for-each-ref: timed out"},
		},
		"opening": {
			`case "$*" in *rev-parse*) hang;; esac`,
			func(ctx context.Context, r *Repository, _ Commit) error { return r.locate(ctx) },
			[]string{"git rev-parse: timed out"},
		},
		"object": {
			`case "$*" in *"cat-file --batch") hang;; esac`, list,
			[]string{"list the files", "commit HEAD: git cat-file: timed out"},
		},
		"half an object": {
			`case "$*" in *"cat-file --batch") read id; echo "$id commit 100"; echo tree; hang;; esac`, list,
			[]string{"commit HEAD: git cat-file: timed out"},
		},
		"sizes": {
			`case "$*" in *"cat-file --batch-check "*) hang;; esac`, list,
			[]string{"git cat-file: timed out"},
		},
		"ancestry": {
			`case "$*" in *"cat-file --batch") hang;; esac`,
			func(ctx context.Context, r *Repository, head Commit) error {
				_, err := r.Ancestry(ctx, head, Commit(strings.Repeat("0", len(head))))
				return err
			},
			[]string{"commit HEAD: git cat-file: timed out"},
		},
	}
}

// TestGitThatDoesNotAnswerIsAnError has a git that hangs in one command. The error is that of a git that does not answer,
// not that of a damaged repository, and afterwards the repository can be read.
func TestGitThatDoesNotAnswerIsAnError(t *testing.T) {
	t.Parallel()
	for name, row := range silences() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, head, _ := idleWorld(t)
			real := r.git
			r.git.Binary = filepath.Join(t.TempDir(), "git")
			r.git.Timeout = 100 * time.Millisecond
			script := "#!/bin/sh\nhang() { /bin/sleep 600; }\n" + row.script + "\nexec '" + real.Binary + "' \"$@\"\n"
			if err := os.WriteFile(r.git.Binary, []byte(script), 0o700); err != nil { //nolint:gosec // a program
				t.Fatal(err)
			}
			err := row.do(t.Context(), r, head)
			if _, is := errors.AsType[*gitcommand.TimeoutError](err); !is || errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			for _, want := range append(row.want, "timed out: no answer within 100ms, so it was killed. Hint: check the disk") {
				if want = strings.ReplaceAll(want, "HEAD", string(head)); !strings.Contains(err.Error(), want) {
					t.Errorf("%v: must contain %q", err, want)
				}
			}
			r.git = real
			files(t, r, head)
		})
	}
}
