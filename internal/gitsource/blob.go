// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Read reads the content of files, which come from Files, and calls fn once for each, in their order: with the content,
// which fn may keep, or with an error that names the file. It does not load a file larger than limit bytes, whose error
// wraps ErrTooLarge. Read returns an error if ctx ends, if git cannot run, or if fn returns one.
func (r *Repository) Read(ctx context.Context, files []File, limit int64, fn func(File, []byte, error) error) error {
	b := &batch{repository: r}
	defer b.close()
	for _, f := range files {
		content, problem, err := b.file(ctx, f, limit)
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

// file is read for a file. Git loads the content of an object with its header, so one whose size is known to be too large
// is not asked for.
func (b *batch) file(ctx context.Context, f File, limit int64) (content []byte, problem, err error) {
	switch {
	case f.Rejected != "":
		return nil, errors.New(f.Rejected), ctx.Err()
	case f.Size > limit:
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d; split the file", ErrTooLarge, f.Size, limit), ctx.Err()
	}
	content, problem, err = b.read(ctx, "blob", f.OID, limit)
	if err == nil && problem == nil && int64(len(content)) != f.Size {
		return nil, fmt.Errorf("%w: expected a blob of %d bytes, got %d", errUnexpected, f.Size, len(content)), nil
	}
	return content, problem, err
}

// measure sets the sizes of files, and rejects those without a readable content in this repository.
func (r *Repository) measure(ctx context.Context, files []File) error {
	var ids strings.Builder
	for _, f := range files {
		if f.Rejected == "" {
			ids.WriteString(f.OID + "\n")
		}
	}
	if ids.Len() == 0 {
		return nil
	}
	bounded, cancel := r.git.Bound(ctx, "cat-file")
	defer cancel()
	p, err := r.git.Start(bounded, "cat-file", "--batch-check", "--buffer")
	if err != nil {
		return err
	}
	go func() { // git answers while it reads
		_, _ = io.WriteString(p.In, ids.String()) // if git has exited, its output ends, too
		_ = p.In.Close()
	}()
	for i, f := range files {
		if f.Rejected != "" {
			continue
		}
		size, err := readHeader(p.Out, "blob", f.OID)
		switch {
		case errors.Is(err, errEnded):
			p.Kill()
			return cmp.Or(ctx.Err(), context.Cause(bounded), err)
		case err != nil:
			files[i].Rejected = "has no readable content in this repository (object " + f.OID + "); " + restoreObject
		default:
			files[i].Size = size
		}
	}
	return p.Wait()
}
