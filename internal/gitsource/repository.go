// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// ErrNotRepository is returned by Open for a path that holds no git repository that this process can read.
var ErrNotRepository = errors.New("not a git repository")

// Commit is the full id of a commit in lower-case hexadecimal: 40 digits, or 64 in a SHA-256 repository.
type Commit string

// Repository is a local git repository, opened for reading. It has no open file but those of one git process, which ends
// after a second without use. It is safe for concurrent use.
type Repository struct {
	git   gitcommand.Git
	path  string // as in the configuration, for errors
	idLen int    // hexadecimal digits of an object id
	// opened is the git directory that path led to when it was opened.
	opened os.FileInfo
	idle   idle
}

// Replaced reports whether the path leads to another repository than when it was opened, or to none: its folder was
// moved away and made again, or a link in the path leads elsewhere. Open opens the one that is there now.
func (r *Repository) Replaced() bool {
	now, err := statGitDirectory(r.path)
	return err != nil || !os.SameFile(now, r.opened)
}

func statGitDirectory(path string) (os.FileInfo, error) {
	dir, err := gitDirectory(path)
	if err != nil {
		return nil, err
	}
	return os.Stat(dir)
}

// Open opens the repository at path: the top folder of a work tree, also a linked one, or a git directory, such as a
// bare repository. The path is absolute; parent folders are not searched. Open needs git 2.31 or later in PATH.
func Open(ctx context.Context, path string) (*Repository, error) {
	dir, err := gitDirectory(path)
	if err != nil {
		return nil, fmt.Errorf("open repository %q: %w", path, err)
	}
	opened, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open repository %q: %w", path, err)
	}
	git, err := gitcommand.Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("open repository %q: %w", path, err)
	}
	r := &Repository{git: git.At(dir), path: path, opened: opened}
	if err := r.locate(ctx); err != nil {
		return nil, fmt.Errorf("open repository %q: %w", path, err)
	}
	return r, nil
}

// LimitMemory sets how many bytes git may allocate at once; gitcommand.DefaultMemory if it is not called, or for 0.
func (r *Repository) LimitMemory(limit int64) { r.git = r.git.WithMemory(limit) }

// gitDirectory returns the git directory for a path.
func gitDirectory(path string) (string, error) {
	if !filepath.IsAbs(path) || !foreign.Printable(path) {
		return "", errors.New("must be an absolute path without control characters")
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%w: must be a folder", ErrNotRepository)
	}
	inside := filepath.Join(path, ".git")
	_, err = os.Lstat(inside)
	switch {
	case err == nil:
		return inside, nil
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	default:
		return "", err
	}
}

// locate reads the common directory and the object format. The common directory has the branches and objects of all
// worktrees, and remains if a linked one is deleted.
func (r *Repository) locate(ctx context.Context) error {
	result, err := r.git.Output(ctx, "rev-parse", "--path-format=absolute", "--git-common-dir", "--show-object-format")
	if err != nil && strings.HasPrefix(result.Stderr, "not a git repository") {
		return fmt.Errorf("%w, or not readable; set the top folder of a work tree, or a bare repository (git: %s)",
			ErrNotRepository, result.Stderr)
	}
	if err != nil {
		return err
	}
	dir, format, _ := strings.Cut(strings.TrimSuffix(result.Stdout, "\n"), "\n")
	switch format {
	case "sha1":
		r.idLen = 40
	case "sha256":
		r.idLen = 64
	default:
		return fmt.Errorf("git rev-parse: unknown object format %q", gitcommand.OneLine([]byte(format)))
	}
	r.git.Dir = dir
	return nil
}

// isID reports whether s is a full object id of this repository. Git resolves other texts as names or prefixes.
func (r *Repository) isID(s string) bool {
	return len(s) == r.idLen && strings.Trim(s, "0123456789abcdef") == ""
}

func (r *Repository) checkCommit(c Commit) error {
	if !r.isID(string(c)) {
		return fmt.Errorf("must be the full id of a commit, %d hexadecimal digits, not %s", r.idLen, foreign.Quote(string(c)))
	}
	return nil
}
