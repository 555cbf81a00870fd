// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package auditfile_test

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
)

func open(t *testing.T, path string) *auditfile.File {
	t.Helper()
	f, err := auditfile.Open(path, auditfile.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func add(t *testing.T, f *auditfile.File, line string) {
	t.Helper()
	if err := f.Append([]byte(line)); err != nil {
		t.Fatalf("append %q: %v", line, err)
	}
}

func assertText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s: %q, %v, want %q", filepath.Base(path), got, err, want)
	}
}

// TestRotationLosesNoLine rotates as logrotate does: by default, without create, and
// with copytruncate.
func TestRotationLosesNoLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit")
	f := open(t, path)
	rename := func(to string) {
		if err := os.Rename(path, path+to); err != nil {
			t.Fatal(err)
		}
	}
	add(t, f, "one")
	rename(".1")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	add(t, f, "two")
	rename(".2")
	add(t, f, "three")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	add(t, f, "four")
	assertText(t, path+".1", "one\n")
	assertText(t, path+".2", "two\n")
	assertText(t, path, "four\n")
}

func TestLineIsRefusedIfThePathCannotBeOpenedAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := open(t, filepath.Join(dir, "audit"))
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := f.Append([]byte("lost")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "open the audit file "+dir) {
		t.Errorf("got %v", err)
	}
	if err := os.Rename(dir+".old", dir); err != nil {
		t.Fatal(err)
	}
	add(t, f, "kept")
	assertText(t, filepath.Join(dir, "audit"), "kept\n")
}

// TestFullDiskLeavesNoPartOfALine is not parallel: a limit of the process stands for the
// disk.
func TestFullDiskLeavesNoPartOfALine(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { limit(before.Cur) })
	path := filepath.Join(t.TempDir(), "audit")
	f := open(t, path)
	add(t, f, "one")
	limit(8)
	if err := f.Append([]byte("a line that does not fit")); err == nil {
		t.Error("a line beyond the end of the disk was accepted")
	}
	assertText(t, path, "one\n")
	limit(before.Cur)
	add(t, f, "two")
	assertText(t, path, "one\ntwo\n")
}

func TestLineAfterACrashBeginsOnItsOwnLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit")
	if err := os.WriteFile(path, []byte("one\nhal"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	add(t, f, "two")
	add(t, f, "three")
	assertText(t, path, "one\nhal\ntwo\nthree\n")
}

func TestStandardStreamsAndPipesAreWrittenWithoutSync(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	for path, stream := range map[string]*bytes.Buffer{"-": &out, "/dev/stdout": &out, "/dev/stderr": &err} {
		stream.Reset()
		f, failed := auditfile.Open(path, auditfile.Streams{Out: &out, Err: &err})
		if failed != nil {
			t.Fatal(failed)
		}
		add(t, f, "one")
		if f.Close() != nil || stream.String() != "one\n" {
			t.Errorf("%s: %q", path, stream.String())
		}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := auditfile.Open(pipe, auditfile.Streams{}); err == nil || !strings.Contains(err.Error(), "a pipe that a process reads") {
		t.Errorf("a pipe without a reader: %v", err)
	}
	reader, failed := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if failed != nil {
		t.Fatal(failed)
	}
	f := open(t, pipe)
	add(t, f, "one")
	if line, err := bufio.NewReader(reader).ReadString('\n'); line != "one\n" {
		t.Errorf("%q, %v", line, err)
	}
	_ = reader.Close()
	if err := f.Append([]byte("two")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("without its reader: %v", err)
	}
}

// TestFullPipeIsAnError: a reader that hangs must not make every sync hang.
func TestFullPipeIsAnError(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	f := open(t, pipe)
	full := make(chan error, 1)
	go func() {
		for {
			if err := f.Append(bytes.Repeat([]byte("x"), 4000)); err != nil {
				full <- err
				return
			}
		}
	}()
	select {
	case err := <-full:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the write still waits for the reader")
	}
}

// shortWriter accepts a part of its first line.
type shortWriter struct {
	bytes.Buffer
	failed bool
}

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.failed {
		return w.Buffer.Write(p)
	}
	w.failed = true
	n, _ := w.Buffer.Write(p[:2])
	return n, syscall.ENOSPC
}

func TestLineAfterAPartOnAStreamBeginsOnItsOwnLine(t *testing.T) {
	t.Parallel()
	w := &shortWriter{}
	f, err := auditfile.Open("-", auditfile.Streams{Out: w})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append([]byte("one")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	add(t, f, "two")
	if w.String() != "on\ntwo\n" {
		t.Errorf("%q", w.String())
	}
}

func TestFolderIsRefusedWithItsPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "is a directory", filepath.Join(dir, "none", "audit"): "no such file or directory"} {
		if _, err := auditfile.Open(path, auditfile.Streams{}); err == nil || err.Error() != "open the audit file "+path+": "+want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestFileIsCreatedByItsFirstLine: a command of root without a change must not create a
// file that the daemon cannot open, and one with a change creates it for the folder's owner.
func TestFileIsCreatedByItsFirstLine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 4711, 4712); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "audit")
	f := open(t, path)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before a line: %v", err)
	}
	add(t, f, "one")
	assertText(t, path, "one\n")
	owner := func(path string) [2]uint32 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		return [2]uint32{stat.Uid, stat.Gid}
	}
	if got, want := owner(path), owner(dir); got[0] != want[0] || os.Geteuid() == 0 && got[1] != want[1] {
		t.Errorf("the file belongs to %v, the folder to %v", got, want)
	}
}
