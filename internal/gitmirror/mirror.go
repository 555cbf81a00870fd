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

// Default limits of a Config.
const (
	defaultTimeout  = 10 * time.Minute
	defaultMaxBytes = 2 << 30
)

// Config is what to mirror, and where.
type Config struct {
	// Remote is the repository.
	Remote Remote
	// Access has the settings of the connection to it.
	Access Access
	// Ref is the full name of the one ref to mirror, such as refs/heads/main.
	Ref string
	// Folder is an absolute path for this mirror alone. Update creates it.
	Folder string
	// Timeout bounds an Update; defaultTimeout if zero.
	Timeout time.Duration
	// MaxBytes bounds the size on disk; defaultMaxBytes if zero. Half of it is for the mirror, with the bytes of a fetch,
	// and half for the next mirror while it is built beside this one.
	MaxBytes int64
	// Memory is how many bytes git may allocate at once; gitcommand.DefaultMemory if zero.
	Memory int64
}

// Mirror is a local copy of one ref of a remote repository, with its history. Several goroutines and processes can use
// it: each waits for the other.
type Mirror struct {
	cfg  Config
	path string
}

// New returns a mirror. It reads and writes nothing.
func New(cfg Config) *Mirror {
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	return &Mirror{cfg: cfg, path: filepath.Join(cfg.Folder, repositoryName)}
}

// Path returns the folder of the bare repository. It exists after an Update has succeeded.
func (m *Mirror) Path() string { return m.path }

// Update asks the remote where the ref points, and fetches if the mirror has another object there, also if history was
// rewritten. It reports whether it fetched. Its errors wrap those of this package if one fits. After an error the mirror
// is unchanged.
func (m *Mirror) Update(ctx context.Context) (fetched bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	if fetched, err = m.update(ctx); err != nil {
		return false, fmt.Errorf("fetch %s: %w", m.cfg.Remote, err)
	}
	return fetched, nil
}

// Discard deletes the mirror, which has turned out to be damaged, so that the next Update creates another.
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
	git = git.WithMemory(m.cfg.Memory)
	remote, err := m.newTransport()
	if err != nil {
		return false, err
	}
	defer remote.close()
	if err := makePrivate(m.cfg.Folder); err != nil {
		return false, err
	}
	if err := m.linkGit(ctx, git.Binary); err != nil {
		return false, err
	}
	// Without the lock: a remote that is slow to answer delays no other process.
	want, err := m.listRef(ctx, git, remote)
	if err != nil {
		return false, err
	}
	unlock, err := lock(ctx, m.cfg.Folder)
	if err != nil {
		return false, err
	}
	defer unlock()
	at := git.At(m.path)
	complete := m.isComplete(ctx, at)
	if complete {
		has, err := m.has(ctx, at, want.id)
		if has || err != nil {
			return false, err
		}
	}
	if complete && m.hasFormat(ctx, at, want.format) {
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

// isComplete reports whether a complete mirror of this remote exists. It runs git fsck only after a fetch that was
// interrupted.
func (m *Mirror) isComplete(ctx context.Context, git gitcommand.Git) bool {
	origin, err := os.ReadFile(filepath.Join(m.path, originName))
	if err != nil || string(origin) != m.cfg.Remote.String() {
		return false
	}
	busy := filepath.Join(m.path, busyName)
	if !exists(busy) {
		return true
	}
	if err := removeLeftovers(m.path); err != nil {
		return false
	}
	git.Timeout = 0 // a large mirror takes as long as an Update may
	if result, err := git.Run(ctx, "fsck", "--connectivity-only", "--no-dangling", "--no-progress"); err != nil || result.ExitCode != 0 {
		return false
	}
	return os.Remove(busy) == nil
}

// has reports whether the ref of the mirror points to the object. A git that does not answer is an error: the mirror may
// be as it should be.
func (m *Mirror) has(ctx context.Context, git gitcommand.Git, id string) (bool, error) {
	result, err := git.Run(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "--end-of-options", m.cfg.Ref)
	if timeout, is := errors.AsType[*gitcommand.TimeoutError](err); is {
		return false, timeout
	}
	return err == nil && slices.Contains(strings.Split(result.Stdout, "\n"), id+" "+m.cfg.Ref), nil
}

func (m *Mirror) hasFormat(ctx context.Context, git gitcommand.Git, format string) bool {
	result, err := git.Run(ctx, "rev-parse", "--show-object-format")
	return err == nil && result.ExitCode == 0 && strings.TrimSpace(result.Stdout) == format
}

// follow fetches into the existing mirror, and rebuilds it if the mirror itself is the cause of a failure.
func (m *Mirror) follow(ctx context.Context, git gitcommand.Git, remote transport, want head) error {
	used, err := size(m.path)
	if err != nil || used >= m.cfg.MaxBytes/2 {
		return m.rebuild(ctx, git, remote, want)
	}
	err = m.fetch(ctx, git.At(m.path), remote, m.cfg.MaxBytes/2-used)
	if local, is := errors.AsType[*localError](err); is && ctx.Err() == nil {
		if err := m.rebuild(ctx, git, remote, want); err != nil {
			return fmt.Errorf("%w (after: %w)", err, local)
		}
		return nil
	}
	if err == nil {
		m.collectGarbage(ctx, git)
	}
	return err
}

// rebuild creates the mirror beside an existing one, and replaces that when it is complete.
func (m *Mirror) rebuild(ctx context.Context, git gitcommand.Git, remote transport, want head) error {
	building, old := filepath.Join(m.cfg.Folder, buildingName), filepath.Join(m.cfg.Folder, oldName)
	if err := errors.Join(os.RemoveAll(building), os.RemoveAll(old)); err != nil {
		return fmt.Errorf("delete an earlier copy of the mirror: %w", err)
	}
	at := git.At(building)
	if _, err := at.ForFetch(m.tools()).Output(ctx, "init", "--quiet", "--bare", "--template=", "--object-format="+want.format); err != nil {
		return fmt.Errorf("create the mirror: %w", err)
	}
	if err := os.WriteFile(filepath.Join(building, originName), []byte(m.cfg.Remote.String()), 0o600); err != nil {
		return fmt.Errorf("create the mirror: %w", err)
	}
	if err := m.fetch(ctx, at, remote, m.cfg.MaxBytes/2); err != nil {
		return err
	}
	if exists(m.path) {
		if err := os.Rename(m.path, old); err != nil {
			return fmt.Errorf("replace the mirror: %w", err)
		}
	}
	if err := os.Rename(building, m.path); err != nil {
		return fmt.Errorf("replace the mirror: %w", err)
	}
	return os.RemoveAll(old)
}
