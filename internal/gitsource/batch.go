// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// batch is a `git cat-file --batch` for many objects. Git ends it at a damaged object; the next object starts another.
//
// Git hashes an object when it arrives, and never again. Everyone who can write to the folder of objects can put another
// content under an id, so each content is hashed here. An id comes from a ref, or from an object that was read before:
// thus all that is read is what the commit's author had.
type batch struct {
	repository *Repository
	process    *gitcommand.Process // nil if none is running
	// reused means that the process has waited since an earlier batch: the repository may have
	// changed, and the process may have ended.
	reused bool
}

// close leaves the process to the next batch.
func (b *batch) close() {
	if b.process != nil {
		b.repository.idle.give(b.process)
	}
}

// drop ends a process whose output is unusable.
func (b *batch) drop() {
	if b.process != nil {
		b.process.Kill()
		b.process = nil
	}
}

// read returns the content of an object of a kind, which has at most limit bytes. It returns a problem of this object,
// or an error that ends all reading.
func (b *batch) read(ctx context.Context, kind, id string, limit int64) (content []byte, problem, err error) {
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case !b.repository.isID(id):
		return nil, errors.New("must be the full id of an object"), nil
	}
	if b.process == nil {
		b.process = b.repository.idle.take()
		b.reused = b.process != nil
	}
	content, problem, err = b.ask(ctx, kind, id, limit)
	if b.reused && err == nil && problem != nil && !errors.Is(problem, ErrTooLarge) {
		b.drop()
		b.reused = false
		content, problem, err = b.ask(ctx, kind, id, limit)
	}
	return content, problem, err
}

// ask asks the process for an object. It starts one if none is running.
func (b *batch) ask(ctx context.Context, kind, id string, limit int64) (content []byte, problem, err error) {
	if b.process == nil {
		// The process can outlast ctx, see idle.
		if b.process, err = b.repository.git.Start(context.WithoutCancel(ctx), "cat-file", "--batch"); err != nil {
			return nil, nil, err
		}
	}
	bounded, cancel := b.repository.git.Bound(ctx, "cat-file")
	defer cancel()
	unbind := context.AfterFunc(bounded, b.process.Stop)
	content, problem = readObject(b.process, kind, id, limit)
	if !unbind() { // bounded has ended
		b.drop()
		return nil, nil, cmp.Or(ctx.Err(), noAnswer(bounded, kind, id))
	}
	switch {
	case errors.Is(problem, errEnded):
		problem = damage("read the object: " + cmp.Or(b.process.Wait(), problem).Error() + "; " + restoreObject)
		b.process = nil
	case errors.Is(problem, errUnexpected), errors.Is(problem, ErrTooLarge): // the rest of the output is not read
		b.drop()
	}
	if problem == nil && objectID(kind, content, len(id)) != id {
		return nil, damage("the content does not match the id of object " + id + "; " + restoreObject), nil
	}
	return content, problem, nil
}

// noAnswer is why a context of Git.Bound has ended before git sent an object. It is not a damage: the object may be there.
func noAnswer(bounded context.Context, kind, id string) error {
	return fmt.Errorf("%s %s: %w", kind, id, context.Cause(bounded))
}

// must is read for an object without which the caller cannot continue.
func (b *batch) must(ctx context.Context, kind, id string, limit int64) ([]byte, error) {
	content, problem, err := b.read(ctx, kind, id, limit)
	return content, cmp.Or(err, problem)
}

// After these two errors, the rest of the output is unusable.
var (
	errEnded      = errors.New("git cat-file: incomplete output")
	errUnexpected = errors.New("git cat-file: unexpected output")
)

// readObject reads one object. The format is that of git-cat-file(1), "BATCH OUTPUT": a header `<oid> <type> <size>`, a
// line feed, the content and a line feed; or `<oid> missing`.
func readObject(p *gitcommand.Process, kind, id string, limit int64) ([]byte, error) {
	if _, err := io.WriteString(p.In, id+"\n"); err != nil {
		return nil, errEnded
	}
	size, err := readHeader(p.Out, kind, id)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, limit)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(p.Out, content); err != nil {
		return nil, errEnded
	}
	if content[size] != '\n' {
		return nil, errUnexpected
	}
	return content[:size:size], nil
}

// readHeader returns the size of an object of a kind. An object that is missing is errMissing.
func readHeader(out *bufio.Reader, kind, id string) (size int64, err error) {
	line, err := out.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return 0, errUnexpected
	}
	if err != nil {
		return 0, errEnded
	}
	header := strings.TrimSuffix(string(line), "\n")
	if header == id+" missing" {
		return 0, fmt.Errorf("object %s %w", id, errMissing)
	}
	digits, found := strings.CutPrefix(header, id+" "+kind+" ")
	size, err = strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || size < 0 {
		return 0, fmt.Errorf("%w: expected %s %s, got %q", errUnexpected, kind, id, gitcommand.OneLine(line))
	}
	return size, nil
}
