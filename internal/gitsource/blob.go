// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha1" // git's own choice; the hash must be the same here
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// ErrDamaged is wrapped by the errors for objects that are missing or changed.
var ErrDamaged = errors.New("the repository is damaged")

// damage is ErrDamaged with another text.
type damage string

func (d damage) Error() string { return string(d) }

// Is reports whether the target is ErrDamaged.
func (d damage) Is(target error) bool { return target == ErrDamaged } //nolint:errorlint // Is compares by definition

// restoreObject is the advice for an object that git cannot read. git fetch alone takes
// what commits refer to as present, and replaces no file of an object.
const restoreObject = "delete what git fsck reports as damaged and run git fetch --refetch --no-filter, or clone the repository again"

// ErrTooLarge is wrapped by the error for a file that is larger than a limit.
var ErrTooLarge = errors.New("too large")

// Read reads the content of files, which come from Files, and calls fn once for each, in their order: with the content,
// which fn may keep, or with an error that names the file. It does not load a file larger than limit bytes, whose error
// wraps ErrTooLarge. Read returns an error if ctx ends, if git cannot run, or if fn returns one.
func (r *Repository) Read(ctx context.Context, files []File, limit int64, fn func(File, []byte, error) error) error {
	b := &batch{repository: r}
	defer b.close()
	for _, f := range files {
		content, problem, err := b.read(ctx, f, limit)
		if err != nil {
			return fmt.Errorf("read files of %s: %w", r.path, err)
		}
		if problem != nil {
			content, problem = nil, fmt.Errorf("%s: %w", f, problem)
		}
		if err := fn(f, content, problem); err != nil {
			return err
		}
	}
	return nil
}

// batch is a `git cat-file --batch` for many files. Git ends it at a damaged object; the next file starts another.
type batch struct {
	repository *Repository
	process    *gitcommand.Process // nil if none is running
}

// read returns a problem of this file, or an error that ends Read.
func (b *batch) read(ctx context.Context, f File, limit int64) (content []byte, problem, err error) {
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case f.Rejected != "":
		return nil, errors.New(f.Rejected), nil
	case f.Size > limit:
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d; split the file", ErrTooLarge, f.Size, limit), nil
	case !b.repository.isID(f.OID):
		return nil, errors.New("must be the full id of an object"), nil
	}
	if b.process == nil {
		if b.process, err = b.repository.git.Start(ctx, "cat-file", "--batch"); err != nil {
			return nil, nil, err
		}
	}
	content, problem = object(b.process, f)
	switch {
	case errors.Is(problem, errEnded):
		problem = damage("read the object: " + cmp.Or(b.process.Wait(), problem).Error() + "; " + restoreObject)
		b.process = nil
	case errors.Is(problem, errUnexpected): // the length of the rest is unknown
		b.process.Kill()
		b.process = nil
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if problem == nil && objectID("blob", content, len(f.OID)) != f.OID {
		return nil, damage("the content does not match the id of object " + f.OID + "; " + restoreObject), nil
	}
	return content, problem, nil
}

func (b *batch) close() {
	if b.process != nil {
		b.process.Kill()
	}
}

// After these two errors, the rest of the output is unusable.
var (
	errEnded      = errors.New("git cat-file: incomplete output")
	errUnexpected = errors.New("git cat-file: unexpected output")
)

// object reads one blob. The format is that of git-cat-file(1), "BATCH OUTPUT": a header `<oid> <type> <size>`, a line
// feed, the content and a line feed; or `<oid> missing`.
func object(p *gitcommand.Process, f File) ([]byte, error) {
	if _, err := io.WriteString(p.In, f.OID+"\n"); err != nil {
		return nil, errEnded
	}
	line, err := p.Out.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errUnexpected
	}
	if err != nil {
		return nil, errEnded
	}
	switch header := strings.TrimSuffix(string(line), "\n"); header {
	case f.OID + " blob " + strconv.FormatInt(f.Size, 10):
	case f.OID + " missing":
		return nil, damage("object " + f.OID + " is missing or damaged; " + restoreObject)
	default:
		return nil, fmt.Errorf("%w: expected blob %s of %d bytes, got %q", errUnexpected, f.OID, f.Size, gitcommand.OneLine(line))
	}
	content := make([]byte, f.Size+1)
	if _, err := io.ReadFull(p.Out, content); err != nil {
		return nil, errEnded
	}
	if content[f.Size] != '\n' {
		return nil, errUnexpected
	}
	return content[:f.Size:f.Size], nil
}

// objectID computes an object id: the hash of a header and the content.
func objectID(kind string, content []byte, digits int) string {
	var h hash.Hash
	if digits == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	} else {
		h = sha1.New()
	}
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
