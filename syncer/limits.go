// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// limitError is a commit, or a set of files, that is larger than a limit of its source. A
// retry does not help.
type limitError struct {
	// what is the commit, or what was asked for.
	what, count, setting string
	limit                int64
}

func (e *limitError) Error() string {
	return fmt.Sprintf("%s: too large: %s, at most %d are allowed (%s). Hint: move files to a source of their own, or set a higher %s in the configuration of the source",
		e.what, e.count, e.limit, e.setting, e.setting)
}

// tooLarge reports whether a commit is beyond a limit of its source, or of package
// gitsource.
func tooLarge(err error) bool {
	_, is := errors.AsType[*limitError](err)
	return is || errors.Is(err, gitsource.ErrTooLarge)
}

// list lists the manifests of the commit. It refuses a listing beyond the limits before
// any file is read.
func (s *source) list(ctx context.Context) ([]gitsource.File, error) {
	files, err := s.repo.Files(ctx, s.commit, s.Patterns())
	if err != nil {
		return nil, err
	}
	return files, s.checkSize(files, "manifests")
}

// checkSize refuses a listing beyond the limits. what are its files.
func (s *source) checkSize(files []gitsource.File, what string) error {
	size := int64(0)
	for _, f := range files {
		size += f.Size
	}
	switch {
	case len(files) > s.Limits.Files:
		return tooManyFiles(s.commitTitle(), s.Limits, len(files), what)
	case size > s.Limits.MiB<<20:
		return &limitError{s.commitTitle(), fmt.Sprintf("%d MiB of %s", (size+1<<20-1)>>20, what), "limits.mib", s.Limits.MiB}
	}
	return nil
}

// checkLeaves refuses a commit with more secrets than the limit, as soon as there are more.
func (s *source) checkLeaves(leaves int) error {
	if leaves > s.Limits.Secrets {
		return tooManySecrets(s.commitTitle(), s.Limits, leaves)
	}
	return nil
}

func (s *source) commitTitle() string {
	return fmt.Sprintf("commit %s of %s", plan.Short(string(s.commit)), s.ShortRef())
}

func tooManyFiles(what string, limits config.Limits, count int, files string) error {
	return &limitError{what, fmt.Sprintf("%d %s", count, files), "limits.files", int64(limits.Files)}
}

func tooManySecrets(what string, limits config.Limits, count int) error {
	return &limitError{what, fmt.Sprintf("at least %d secrets and fields of connections", count), "limits.secrets", int64(limits.Secrets)}
}

// Tally bounds what verify reads from disk, as a source bounds what it reads from a commit.
type Tally struct {
	limits        map[string]config.Limits
	files, leaves map[string]int
}

// NewTally returns a tally with the limits of the sources of a controller, which may be nil.
// Files that no source follows have the default limits.
func NewTally(c *Controller) *Tally {
	t := &Tally{limits: map[string]config.Limits{"": config.DefaultLimits()}, files: map[string]int{}, leaves: map[string]int{}}
	if c != nil {
		for _, s := range c.cfg.Sources {
			t.limits[s.Name] = s.Limits
		}
	}
	return t
}

// Add counts a file, which several sources may follow. The error means that there are too
// many.
func (t *Tally) Add(verified []report.Verified) error {
	for _, v := range verified {
		t.files[v.Source]++
		t.leaves[v.Source] += len(v.Leaves)
		limits, files, leaves := t.limits[v.Source], t.files[v.Source], t.leaves[v.Source]
		what := "verify the files"
		if v.Source != "" {
			what += " of source " + v.Source
		}
		switch {
		case files > limits.Files:
			return tooManyFiles(what, limits, files, "manifests")
		case leaves > limits.Secrets:
			return tooManySecrets(what, limits, leaves)
		}
	}
	return nil
}
