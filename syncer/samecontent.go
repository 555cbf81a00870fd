// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// sameContent are the paths of a commit with one content that is read in one way. It is
// read, verified and decrypted once.
type sameContent struct {
	files    []gitsource.File
	manifest *sopsfile.Manifest // nil if it is refused
	outcome  outcome
	// unlocked is kept for the write, if there is room.
	unlocked *sopsfile.Unlocked
}

// maxUnlocked limits the bytes of the files that a sync keeps unlocked from its plan to its
// writes. They take a few times as much memory. Others are read again.
const maxUnlocked = 1 << 20

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
// it decrypts one, so that a commit beyond a limit costs little. On each processor it reads
// one file at a time.
func (s *source) readMissing(ctx context.Context, files []gitsource.File) error {
	missing, leaves := s.cache.missing(files)
	contents := s.contentsOf(missing)
	if err := s.verifyContents(ctx, contents, leaves); err != nil {
		return err
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	room := int64(maxUnlocked)
	for _, c := range contents {
		room -= c.files[0].Size
		keep := room >= 0
		work.Go(func() error {
			if c.manifest != nil {
				c.outcome.wants, c.unlocked, c.outcome.err = s.wants(ctx, c.manifest)
				c.manifest = nil // its memory is no longer needed
			}
			if !keep {
				c.unlocked = nil
			}
			return ctx.Err()
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	s.unlocked = map[string]*sopsfile.Unlocked{}
	for _, c := range contents {
		s.keep(c)
		if c.unlocked != nil && c.outcome.err == nil {
			s.unlocked[c.files[0].Path] = c.unlocked
		}
	}
	return nil
}

// verifyContents reads and verifies contents. known is how many secrets the other files have.
func (s *source) verifyContents(ctx context.Context, contents []*sameContent, known int) error {
	var first []gitsource.File
	for _, c := range contents {
		first = append(first, c.files[0])
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	var found atomic.Int64 // secrets
	next := 0              // Read keeps the order
	err := s.repo.Read(ctx, first, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		c := contents[next]
		next++
		if c.outcome.err = err; err == nil {
			work.Go(func() error {
				if c.manifest, c.outcome.err = s.verified(file.Path, data); c.outcome.err == nil {
					c.outcome.leaves = len(c.manifest.Leaves)
				}
				found.Add(int64(c.outcome.leaves * len(c.files)))
				return nil // it is in the outcome
			})
		}
		return cmp.Or(ctx.Err(), s.checkLeaves(known+int(found.Load())))
	})
	_ = work.Wait()
	for _, c := range contents[:next] { // the error names the first count beyond the limit
		known += c.outcome.leaves * len(c.files)
		if err := s.checkLeaves(known); err != nil {
			return err
		}
	}
	return err
}

// keep caches the outcome of the first file for all files with its content.
func (s *source) keep(c *sameContent) {
	o := c.outcome
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
