// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// sameContent are the paths of a commit with one content that is read in one way. It is
// read, verified and decrypted once.
type sameContent struct {
	files    []gitsource.File
	manifest *sopsfile.Manifest // nil if it is refused
}

// contentKey is a content and what decides how it is read.
type contentKey struct {
	oid    string
	entry  *config.MapEntry
	format sopsfile.Format
	// path is of a file that is not read like others.
	path string
}

// contentsOf groups files by content, in the order of the first file of each.
func (s *source) contentsOf(files []gitsource.File) []*sameContent {
	var out []*sameContent
	known := map[contentKey]*sameContent{}
	for _, f := range files {
		entry, err := s.Mapping(f.Path)
		key := contentKey{oid: f.OID, entry: entry, format: sopsfile.FormatOf(f.Path)}
		if err != nil || f.Rejected != "" {
			key = contentKey{path: f.Path}
		}
		if known[key] == nil {
			known[key] = &sameContent{}
			out = append(out, known[key])
		}
		known[key].files = append(known[key].files, f)
	}
	return out
}

// readMissing reads the files that are not cached into the cache. It verifies all before
// it decrypts one, so that a commit beyond a limit costs little.
func (s *source) readMissing(ctx context.Context, files []gitsource.File) error {
	missing, leaves := s.cache.missing(files)
	contents := s.contentsOf(missing)
	var first []gitsource.File
	for _, c := range contents {
		first = append(first, c.files[0])
	}
	next := 0 // Read keeps the order
	err := s.repo.Read(ctx, first, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		c := contents[next]
		next++
		if err == nil {
			c.manifest, err = s.verified(file.Path, data)
		}
		if err != nil {
			s.keep(c, outcome{err: err})
			return ctx.Err()
		}
		leaves += len(c.manifest.Leaves) * len(c.files)
		return cmp.Or(ctx.Err(), s.checkLeaves(leaves))
	})
	if err != nil {
		return err
	}
	for _, c := range contents {
		if c.manifest == nil {
			continue
		}
		o := outcome{leaves: len(c.manifest.Leaves)}
		o.wants, o.err = s.wants(ctx, c.manifest)
		c.manifest = nil // its memory is no longer needed
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.keep(c, o)
	}
	return nil
}

// keep caches the outcome of the first file for all files with its content.
func (s *source) keep(c *sameContent, o outcome) {
	for i, f := range c.files {
		at := o
		if i > 0 {
			at.wants, at.err = slices.Clone(o.wants), errorIn(o.err, f)
			for n := range at.wants {
				at.wants[n].File = f.Path
			}
		}
		s.cache.keep(f, at)
	}
}

// errorIn is the error of another file with the same content.
func errorIn(err error, file gitsource.File) error {
	if problems, is := errors.AsType[*sopsfile.Problems](err); is {
		return problems.In(file.Path)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s has the same content as another file: %w", file, err)
}
