// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// Folder is a folder with the secrets of one command as files, and the link to it. The files
// are in memory where the system has a folder for that.
type Folder struct {
	real, link string
	// remover is a process that removes both when alive is closed: by Close, or by the
	// system when this process ends, however that happens.
	remover *exec.Cmd
	alive   io.Closer
}

// folderPrefix begins the names of real folders. Nothing else is ever removed.
const folderPrefix = "relay-step-"

// NewFolder creates a folder at dir, which must not exist. remover makes the process that
// runs RemoveAfter.
func NewFolder(dir string, remover func(folder, link string) *exec.Cmd) (*Folder, error) {
	link, err := filepath.Abs(dir)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if _, err := os.Lstat(link); err == nil {
		return nil, fmt.Errorf("create folder %s: already exists\nHint: name a folder that does not exist; it is removed when the command has ended", conffile.Display(dir))
	}
	parent := filepath.Dir(link)
	if memory := memoryFolder(); memory != "" && !inMemory(parent) {
		parent = memory
	}
	f := &Folder{real: filepath.Join(parent, folderPrefix+rand.Text()), link: link}
	// Before there is anything to remove.
	f.remover = remover(f.real, f.link)
	if f.alive, err = f.remover.StdinPipe(); err == nil {
		err = f.remover.Start()
	}
	if err != nil {
		return nil, folderError(dir, err)
	}
	if err = os.Mkdir(f.real, 0o700); err == nil {
		err = os.Symlink(f.real, f.link)
	}
	if err != nil {
		return nil, errors.Join(folderError(dir, err), f.Close())
	}
	return f, nil
}

// Write writes the assigned secrets, each to a file of its name.
func (f *Folder) Write(assigned []Assignment, found []Secret) error {
	values := byName(found)
	for _, a := range assigned {
		if a.Name == "." || !filepath.IsLocal(a.Name) || strings.ContainsRune(a.Name, filepath.Separator) {
			return fmt.Errorf("secret %s cannot be a file of that name\nHint: name the file by --env NAME=secret", conffile.Display(a.Secret))
		}
		if err := writeFile(filepath.Join(f.real, a.Name), values[a.Secret]); err != nil {
			return fmt.Errorf("write secret %s to a file: %w", conffile.Display(a.Secret), withoutPath(err))
		}
	}
	return nil
}

func writeFile(path string, value Value) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = io.WriteString(file, value.plain())
	return err
}

// Close removes the folder with everything in it, and the link.
func (f *Folder) Close() error {
	_ = f.alive.Close()
	if err := f.remover.Wait(); err == nil {
		return nil
	}
	return remove(f.real, f.link)
}

// RemoveAfter removes a folder and the link to it when alive ends. It is all that the process
// of a Folder does.
func RemoveAfter(alive io.Reader, folder, link string) error {
	if !strings.HasPrefix(filepath.Base(folder), folderPrefix) {
		return fmt.Errorf("remove folder %s: not a folder of relay-step", conffile.Display(folder))
	}
	_, _ = io.Copy(io.Discard, alive)
	return remove(folder, link)
}

func remove(folder, link string) error {
	if target, err := os.Readlink(link); err == nil && target == folder {
		if err := os.Remove(link); err != nil {
			return folderError(link, err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove folder %s, which has secrets: %w", conffile.Display(folder), withoutPath(err))
	}
	return nil
}

func folderError(dir string, err error) error {
	return fmt.Errorf("create folder %s: %w", conffile.Display(dir), withoutPath(err))
}

// withoutPath removes the path that the text before already has.
func withoutPath(err error) error {
	if p, is := errors.AsType[*fs.PathError](err); is {
		return p.Err
	}
	if l, is := errors.AsType[*os.LinkError](err); is {
		return l.Err
	}
	return err
}
