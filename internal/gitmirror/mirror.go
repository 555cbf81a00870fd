// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// The limits of a Config that says nothing else.
const (
	DefaultTimeout  = 10 * time.Minute
	DefaultMaxBytes = 2 << 30
)

// Config says what to mirror, and where.
type Config struct {
	// Remote is the repository.
	Remote Remote
	// Access is how it is reached.
	Access Access
	// Ref is the full name of the one ref to mirror, such as refs/heads/main.
	Ref string
	// Folder is for this mirror alone; absolute. It is made if need be.
	Folder string
	// Timeout bounds an Update; DefaultTimeout if zero.
	Timeout time.Duration
	// MaxBytes bounds what the mirror takes on disk before a fetch, together with what that fetch may bring;
	// DefaultMaxBytes if zero.
	MaxBytes int64
}

// Mirror is a local copy of one ref of a remote repository, with its history. It may be used by several goroutines and
// processes: they wait for each other.
type Mirror struct {
	cfg  Config
	path string
}

// New makes a mirror. It touches nothing until Update.
func New(cfg Config) *Mirror {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	return &Mirror{cfg: cfg, path: filepath.Join(cfg.Folder, repositoryName)}
}

// Path is the folder of the bare repository. It is there once an Update has succeeded.
func (m *Mirror) Path() string { return m.path }

// Update asks the remote where the ref points, and fetches if the mirror has it elsewhere, also where history was
// rewritten. It tells whether it fetched. Its errors wrap those of this package where one fits. After an error the
// mirror is what it was.
func (m *Mirror) Update(ctx context.Context) (fetched bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	if fetched, err = m.update(ctx); err != nil {
		return false, fmt.Errorf("fetching %s: %w", m.cfg.Remote, err)
	}
	return fetched, nil
}

// Discard throws the mirror away, so that the next Update makes it anew: for one that turned out to be damaged.
func (m *Mirror) Discard(ctx context.Context) error {
	unlock, err := lock(ctx, m.cfg.Folder)
	if err != nil {
		return err
	}
	defer unlock()
	return os.RemoveAll(m.path)
}

func (m *Mirror) update(ctx context.Context) (bool, error) {
	git, err := gitcommand.Find(ctx)
	if err != nil {
		return false, err
	}
	remote, err := m.newTransport()
	if err != nil {
		return false, err
	}
	defer remote.close()
	if err := makePrivate(m.cfg.Folder); err != nil {
		return false, err
	}
	unlock, err := lock(ctx, m.cfg.Folder)
	if err != nil {
		return false, err
	}
	defer unlock()
	want, err := m.listRef(ctx, git, remote)
	if err != nil {
		return false, err
	}
	at := git.At(m.path)
	if usable := m.usable(ctx, at, want); usable && m.has(ctx, at, want.id) {
		return false, nil
	} else if usable {
		return true, m.follow(ctx, git, remote, want)
	}
	return true, m.rebuild(ctx, git, remote, want)
}

// newTransport reads the credentials as they are now. It connects to nothing.
func (m *Mirror) newTransport() (transport, error) {
	if m.cfg.Remote.Scheme == "ssh" {
		return newSSH(m.cfg.Remote, m.cfg.Access)
	}
	return newHTTPS(m.cfg.Remote, m.cfg.Access)
}

// usable tells whether there is a mirror of this remote that is whole, as far as can be told at once. One that was left
// in the middle of a fetch is checked.
func (m *Mirror) usable(ctx context.Context, git gitcommand.Git, want head) bool {
	origin, err := os.ReadFile(filepath.Join(m.path, originName))
	if err != nil || string(origin) != m.cfg.Remote.String() {
		return false
	}
	if exists(filepath.Join(m.path, busyName)) {
		if err := removeLeftovers(m.path); err != nil {
			return false
		}
		if a, err := git.Run(ctx, "fsck", "--connectivity-only", "--no-dangling", "--no-progress"); err != nil || a.ExitCode != 0 {
			return false
		}
		if err := os.Remove(filepath.Join(m.path, busyName)); err != nil {
			return false
		}
	}
	a, err := git.Run(ctx, "rev-parse", "--show-object-format")
	return err == nil && a.ExitCode == 0 && strings.TrimSpace(a.Stdout) == want.format
}

func (m *Mirror) has(ctx context.Context, git gitcommand.Git, id string) bool {
	a, err := git.Run(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "--end-of-options", m.cfg.Ref)
	return err == nil && slices.Contains(strings.Split(a.Stdout, "\n"), id+" "+m.cfg.Ref)
}

// follow fetches into the mirror that is there, and makes it anew where that fails for a reason of its own.
func (m *Mirror) follow(ctx context.Context, git gitcommand.Git, remote transport, want head) error {
	used, err := size(m.path)
	if err != nil || used >= m.cfg.MaxBytes {
		return m.rebuild(ctx, git, remote, want)
	}
	err = m.fetch(ctx, git.At(m.path), remote, m.cfg.MaxBytes-used)
	if local, is := errors.AsType[*localError](err); is && ctx.Err() == nil {
		if err := m.rebuild(ctx, git, remote, want); err != nil {
			return fmt.Errorf("%w (before: %w)", err, local)
		}
		return nil
	}
	if err == nil {
		m.collectGarbage(ctx, git)
	}
	return err
}

// rebuild makes the mirror anew beside the one that is there, if any, and replaces that when it is whole.
func (m *Mirror) rebuild(ctx context.Context, git gitcommand.Git, remote transport, want head) error {
	building, old := filepath.Join(m.cfg.Folder, buildingName), filepath.Join(m.cfg.Folder, oldName)
	if err := errors.Join(os.RemoveAll(building), os.RemoveAll(old)); err != nil {
		return fmt.Errorf("clearing the mirror's folder: %w", err)
	}
	tools, err := linkTools(m.cfg.Folder, git.Binary)
	if err != nil {
		return err
	}
	at := git.At(building)
	if _, err := at.ForFetch(tools).Output(ctx, "init", "--quiet", "--bare", "--template=", "--object-format="+want.format); err != nil {
		return fmt.Errorf("making the mirror: %w", err)
	}
	if err := os.WriteFile(filepath.Join(building, originName), []byte(m.cfg.Remote.String()), 0o600); err != nil {
		return fmt.Errorf("making the mirror: %w", err)
	}
	if err := m.fetch(ctx, at, remote, m.cfg.MaxBytes); err != nil {
		return err
	}
	if exists(m.path) {
		if err := os.Rename(m.path, old); err != nil {
			return fmt.Errorf("replacing the mirror: %w", err)
		}
	}
	if err := os.Rename(building, m.path); err != nil {
		return fmt.Errorf("replacing the mirror: %w", err)
	}
	return os.RemoveAll(old)
}
