// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package auditfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// Stdout is the path of standard output.
const Stdout = "-"

// pipeTimeout is how long a full pipe may stay full.
const pipeTimeout = 10 * time.Second

// errNoReader is the cause of a named pipe that cannot be opened.
var errNoReader = errors.New("must be a file, or a pipe that a process reads")

// Streams are what the paths of standard streams stand for. A process may be unable to
// open /dev/stdout, such as a socket or the pipe of another user; it can always write to
// the stream that it has.
type Streams struct {
	// Out is for "-" and /dev/stdout, Err for /dev/stderr.
	Out, Err io.Writer
}

// of returns the stream of a path, nil for a path in the file system.
func (s Streams) of(path string) io.Writer {
	switch path {
	case Stdout, "/dev/stdout":
		return s.Out
	case "/dev/stderr":
		return s.Err
	}
	return nil
}

// File is an open audit file. It is safe for concurrent use.
type File struct {
	path string

	mu sync.Mutex
	// stream is set in place of file for a standard stream.
	stream io.Writer
	file   *os.File
	// regular means that the file keeps what was written: it can be synced and shortened.
	regular bool
	// torn means that the end may be a part of a line.
	torn bool
}

// Open opens the file at path for appending. If it does not exist, its folder must be
// writable, and the first line creates it: a command without a change creates no file. Errors have the form
// "open the audit file PATH: cause".
func Open(path string, streams Streams) (*File, error) {
	f := &File{path: path, stream: streams.of(path)}
	if f.stream != nil {
		return f, nil
	}
	err := f.open(0)
	if errors.Is(err, fs.ErrNotExist) {
		const writable, searchable = 2, 1
		err = f.failed("open", syscall.Access(filepath.Dir(path), writable|searchable))
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// appending are the flags of an open file. Without O_NONBLOCK, opening a named pipe waits
// for a reader. For a regular file the flag has no effect.
const appending = os.O_APPEND | os.O_WRONLY | syscall.O_NONBLOCK

// create creates the file with mode 0600. One that root creates belongs to the owner of the
// folder, so that a daemon with its own user can write to it.
func (f *File) create() error {
	file, err := os.OpenFile(f.path, appending|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if info, err := os.Stat(filepath.Dir(f.path)); err == nil && os.Geteuid() == 0 {
		if folder, known := info.Sys().(*syscall.Stat_t); known {
			_ = file.Chown(int(folder.Uid), int(folder.Gid)) // in a container root may not be permitted to
		}
	}
	return file.Close()
}

// open opens the file, with more flags than those of appending.
func (f *File) open(more int) error {
	file, err := os.OpenFile(f.path, appending|more, 0o600)
	if err != nil {
		return f.failed("open", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return errors.Join(f.failed("open", err), file.Close())
	}
	f.file, f.regular, f.torn = file, info.Mode().IsRegular(), endsInPart(f.path, info)
	return nil
}

// endsInPart reports whether a file ends with a part of a line, such as after a crash.
func endsInPart(path string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	file, err := os.Open(path)
	if err != nil { // a file that this process may only append to
		return false
	}
	defer func() { _ = file.Close() }() // read only
	last := make([]byte, 1)
	_, err = file.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Close closes the file. It leaves a standard stream open.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Append appends a line, which has no line break, and waits until a file has it on disk.
func (f *File) Append(line []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.followPath(); err != nil {
		return err
	}
	data := make([]byte, 0, len(line)+2)
	if f.torn {
		data = append(data, '\n')
	}
	data = append(append(data, line...), '\n')
	n, err := f.write(data)
	if err != nil {
		f.undo(n)
		return f.failed("write", err)
	}
	f.torn = false
	return nil
}

// followPath opens the path again if it is another file than the open one, or none.
func (f *File) followPath() error {
	if f.stream != nil {
		return nil
	}
	before := f.file
	if before != nil {
		now, err := os.Stat(f.path)
		open, openErr := before.Stat()
		if err == nil && openErr == nil && os.SameFile(now, open) {
			return nil
		}
	}
	if err := f.create(); err != nil && !errors.Is(err, fs.ErrExist) {
		return f.failed("open", err)
	}
	if err := f.open(os.O_CREATE); err != nil { // another process may have renamed the file
		return err
	}
	if before != nil {
		_ = before.Close() // its lines are on disk
	}
	return nil
}

func (f *File) write(data []byte) (int, error) {
	if f.stream != nil {
		return f.stream.Write(data)
	}
	if !f.regular {
		_ = f.file.SetWriteDeadline(time.Now().Add(pipeTimeout)) // an error means that the file never waits
	}
	n, err := f.file.Write(data)
	if err == nil && f.regular {
		err = f.file.Sync()
	}
	return n, err
}

// undo removes n bytes that a failed write has left at the end of the file. If another
// process has written behind them, or nothing can be removed, the next line begins with
// a line break.
func (f *File) undo(n int) {
	if n == 0 {
		return
	}
	before := f.torn
	f.torn = true
	if f.stream != nil || !f.regular {
		return
	}
	end, err := f.file.Seek(0, io.SeekCurrent) // an append has set it to the end of its data
	if err != nil {
		return
	}
	if info, err := f.file.Stat(); err == nil && info.Size() == end && f.file.Truncate(end-int64(n)) == nil {
		f.torn = before
	}
}

// failed names the file in an error. The path in err is the same one.
func (f *File) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	cause := err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		cause = p.Err
	}
	if errors.Is(cause, syscall.ENXIO) {
		cause = errNoReader
	}
	if hint := f.hint(cause); hint != "" {
		return fmt.Errorf("%s the audit file %s: %w. %s", op, conffile.Display(f.path), cause, hint)
	}
	return fmt.Errorf("%s the audit file %s: %w", op, conffile.Display(f.path), cause)
}

// hint is for a file that another user has, or in whose folder another user may write.
func (f *File) hint(cause error) string {
	if !errors.Is(cause, fs.ErrPermission) {
		return ""
	}
	for _, path := range []string{f.path, filepath.Dir(f.path)} {
		if info, err := os.Stat(path); err == nil {
			return conffile.HintForOwner(path, info, "")
		}
	}
	return ""
}
