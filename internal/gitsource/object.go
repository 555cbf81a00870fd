// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const maxObject = 1 << 20 // bytes of a commit or tag object

// CommitObject returns a commit as git stores it, at most 1 MiB: headers, an empty line, the message.
func (r *Repository) CommitObject(ctx context.Context, c Commit) ([]byte, error) {
	data, err := r.object(ctx, "commit", string(c))
	if err != nil {
		return nil, fmt.Errorf("read commit %s of %s: %w", c, r.path, err)
	}
	return data, nil
}

// TagObject returns a tag as git stores it, at most 1 MiB. A lightweight tag has no object: that is an error.
func (r *Repository) TagObject(ctx context.Context, t Tag) ([]byte, error) {
	data, err := r.object(ctx, "tag", t.Object)
	if err != nil {
		return nil, fmt.Errorf("read tag %q of %s: %w", t.Name, r.path, err)
	}
	return data, nil
}

func (r *Repository) object(ctx context.Context, kind, id string) ([]byte, error) {
	if !r.isID(id) {
		return nil, errors.New("must be the full id of an object")
	}
	p, err := r.git.Start(ctx, "cat-file", kind, id)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(p.Out, maxObject+1))
	if err != nil || len(data) > maxObject {
		p.Kill()
		return nil, errors.Join(err, fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, maxObject))
	}
	if err := p.Wait(); err != nil {
		return nil, err
	}
	if objectID(kind, data, len(id)) != id {
		return nil, damage("the content does not match the id of object " + id + "; " + restoreObject)
	}
	return data, nil
}
