// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// Size limits for the kinds of files that several packages read.
const (
	MaxCredentialBytes = 64 << 10
	MaxPEMBytes        = 1 << 20
	MaxKeyBytes        = 4 << 10
)

var (
	errNotRegular  = errors.New("not a regular file")
	errNotReadable = errors.New("not a regular file or pipe")
	errEmpty       = errors.New("must not be empty")
)

// Read returns the content of the regular file at path, which may have at most
// limit bytes. Errors wrap the cause, such as fs.ErrNotExist.
func Read(path string, limit int64) ([]byte, error) {
	data, err := read(path, limit)
	if err != nil {
		return nil, failed(path, err)
	}
	return data, nil
}

func read(path string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK, opening a FIFO waits for a writer. For a regular file the
	// flag has no effect.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = file.Close() }() // read only
	info, err := file.Stat()
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return readAll(file, limit)
}

func readAll(file io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than the limit of %d bytes", limit)
	}
	return data, nil
}

// Warnings returns one warning for each credential file that every user of the
// machine can read. Empty paths and files that cannot be examined are skipped:
// reading them reports the error.
func Warnings(paths ...string) []string {
	if runtime.GOOS == "windows" { // which has no such mode bits
		return nil
	}
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
			out = append(out, fmt.Sprintf("credential file %s is readable by all users of this machine (mode %04o). "+
				"Hint: run chmod o-r %s; in Kubernetes, set defaultMode 0440 and fsGroup", Display(path), info.Mode().Perm(), Display(path)))
		}
	}
	return out
}

// ReadArgument is Read for a file that a person names on the command line, which may
// be a pipe, as in <(command). It waits for the pipe's writer until the context ends.
func ReadArgument(ctx context.Context, path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // which waits on after the context: opening a FIFO cannot be ended
		data, err := readArgument(path, limit)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, failed(path, r.err)
		}
		return r.data, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s: canceled: %w", Display(path), ctx.Err())
	}
}

func readArgument(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if kind := info.Mode().Type(); kind != 0 && kind != fs.ModeNamedPipe {
		return nil, errNotReadable
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = file.Close() }() // read only
	return readAll(file, limit)
}

var descriptor = lazyregexp.New(`^/dev/(stdin|fd/[0-9]+)$`)

// IsDescriptor reports whether a path is an open file of this process, as in <(command).
// Linux has links there.
func IsDescriptor(path string) bool { return descriptor.MatchString(path) }

func failed(path string, err error) error { return fmt.Errorf("read %s: %w", Display(path), err) }

// withoutPath removes the path that the caller's text already contains.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

var plainPath = lazyregexp.New(`^[\p{L}\p{N}_./@~:+,=\\-]+$`)

// Display returns a path for a message. A path with spaces, control characters or
// quotes is quoted, so that it cannot be mistaken for other text.
func Display(path string) string {
	if plainPath.MatchString(path) && foreign.Printable(path) {
		return path
	}
	return foreign.Line(strconv.Quote(path))
}
