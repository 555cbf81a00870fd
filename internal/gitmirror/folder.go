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
)

// What lies in a mirror's folder.
const (
	repositoryName = "repository.git" // the mirror; it is there only after a fetch that succeeded
	buildingName   = "building.git"   // one that is made anew, and takes the place of the mirror once it is whole
	oldName        = "old.git"        // the one that had the place before, until it is removed
	toolsName      = "tools"          // a folder with nothing but a link to git
	lockName       = "lock"
	// In the repository:
	originName = "relay-origin"   // a file with the remote's URL
	busyName   = "relay-fetching" // a file that is there while git fetches, and remains if that breaks off
)

// makePrivate makes a folder that nobody else can write to, and refuses one that somebody else can: git believes the
// configuration in a repository.
func makePrivate(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("making the mirror's folder: %w; set mirrors to a folder that this process may write to", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("making the mirror's folder: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || known && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("the mirror's folder %s must be a folder that belongs to this process's user, and that nobody else can write to", path)
	}
	return nil
}

// lock keeps other processes from fetching into the same folder. The lock goes with the process that holds it.
func lock(ctx context.Context, folder string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(folder, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the mirror: %w", err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil // which unlocks
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("locking the mirror: %w", err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(errors.New("another process has been fetching into the same mirror all this time"), file.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// linkTools makes the folder of the only program that git may start: itself.
func linkTools(folder, binary string) (string, error) {
	tools := filepath.Join(folder, toolsName)
	link := filepath.Join(tools, "git")
	if at, err := os.Readlink(link); err == nil && at == binary {
		return tools, nil
	}
	if err := errors.Join(os.RemoveAll(tools), os.Mkdir(tools, 0o700), os.Symlink(binary, link)); err != nil {
		return "", fmt.Errorf("preparing the mirror's folder: %w", err)
	}
	return tools, nil
}

// removeLeftovers removes what a git that was killed leaves behind: its locks and half a pack. Only whoever holds the lock of the
// folder may do so.
func removeLeftovers(repository string) error {
	root, err := os.OpenRoot(repository)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !leftBehind(entry.Name()) {
			return err
		}
		return root.Remove(path)
	})
}

func leftBehind(name string) bool {
	return strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_") || name == "gc.pid"
}

// size is how many bytes the files of a folder have.
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
