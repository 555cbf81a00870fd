// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// The content of a mirror's folder.
const (
	repositoryName = "repository.git" // the mirror; it exists only after a fetch that succeeded
	buildingName   = "building.git"   // the next mirror; it is renamed to repository.git when it is complete
	oldName        = "old.git"        // the previous mirror, until it is deleted
	toolsName      = "tools"          // a folder with nothing but a link to git
	lockName       = "lock"
	// In the repository:
	originName = "relay-origin"   // a file with the remote's URL
	busyName   = "relay-fetching" // a file that exists while git fetches, and remains if the fetch fails
)

// makePrivate creates a folder that only this user can write to, and rejects one that others can write to: git trusts
// the configuration in a repository.
func makePrivate(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("create the mirror's folder: %w. Hint: set mirrors to a folder with write permission for this process", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("create the mirror's folder: %w", err)
	}
	hint := conffile.HintForOwner(path, info, "sudo rm -r "+conffile.Display(path)+" (a mirror can be deleted at any time)")
	if hint == "" && info.IsDir() && info.Mode().Perm()&0o022 != 0 {
		hint = "Hint: run chmod go-w " + conffile.Display(path)
	}
	if !info.IsDir() || hint != "" {
		return errors.New(strings.TrimSuffix(fmt.Sprintf("the mirror's folder %s must be a folder that is owned by the user of this process, without write permission for others. %s",
			path, hint), ". "))
	}
	return nil
}

// lock prevents other processes from fetching into the same folder. The kernel releases it when the process exits.
func lock(ctx context.Context, folder string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(folder, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the mirror: %w", err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil // which unlocks
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock the mirror: %w", err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(errors.New("lock the mirror: timed out: another process is fetching into it"), file.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tools is the folder of the only program that git may start: itself.
func (m *Mirror) tools() string { return filepath.Join(m.cfg.Folder, toolsName) }

// linkGit creates the folder of tools.
func (m *Mirror) linkGit(ctx context.Context, binary string) error {
	link := filepath.Join(m.tools(), "git")
	if pointsTo(link, binary) {
		return nil
	}
	unlock, err := lock(ctx, m.cfg.Folder)
	if err != nil {
		return err
	}
	defer unlock()
	if pointsTo(link, binary) {
		return nil // another process was first, and may use it by now
	}
	if err := errors.Join(os.RemoveAll(m.tools()), os.Mkdir(m.tools(), 0o700), os.Symlink(binary, link)); err != nil {
		return fmt.Errorf("create the mirror's folder of tools: %w", err)
	}
	return nil
}

func pointsTo(link, file string) bool {
	at, err := os.Readlink(link)
	return err == nil && at == file
}

// removeLeftovers deletes what a killed git leaves: locks and incomplete packs. The caller must have locked the folder.
func removeLeftovers(repository string) error {
	root, err := os.OpenRoot(repository)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isLeftover(entry.Name()) {
			return err
		}
		return root.Remove(path)
	})
}

func isLeftover(name string) bool {
	return strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_") || name == "gc.pid"
}

// size returns the number of bytes in the files of a folder.
func size(folder string) (int64, error) {
	var total int64
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
