// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// manifestCache is what a source knows of the files of its last commit, so that the next
// sync reads only what changed. It holds no value. The limits of the source bound it. A
// failure that may pass by itself is not in it: the file is read again.
//
// It is not safe for concurrent use: a source has one sync at a time.
type manifestCache struct {
	// keys are those that the files were opened with, nil without keys. With other keys the
	// files must be opened again.
	keys  *sopsfile.Keys
	files map[blob]outcome
	// passing are the failures of this sync that may pass.
	passing map[blob]outcome
	// tooLarge is the commit that is beyond a limit, and why.
	tooLarge gitsource.Commit
	refusal  error
}

// outcome is what the reading of a file resulted in.
type outcome struct {
	wants  []plan.Want
	leaves int
	// err is why the file is refused. wants then has the addresses as far as they are known.
	err error
}

// blob is a file's content at its path: messages and records name the path.
type blob struct{ path, oid string }

func blobOf(f gitsource.File) blob { return blob{path: f.Path, oid: f.OID} }

func newManifestCache(keys *sopsfile.Keys) *manifestCache {
	return &manifestCache{keys: keys, files: map[blob]outcome{}, passing: map[blob]outcome{}}
}

// manifestCache returns the cache of a source, which is empty if the keys are not those
// that its files were opened with.
func (c *Controller) manifestCache(source string, keys *sopsfile.Keys) *manifestCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.caches[source]
	if m == nil || !m.keys.Same(keys) {
		m = newManifestCache(keys)
		c.caches[source] = m
	}
	return m
}

// missing are the files that have to be read, and leaves how many the others have.
func (m *manifestCache) missing(files []gitsource.File) (out []gitsource.File, leaves int) {
	for _, f := range files {
		known, is := m.files[blobOf(f)]
		if !is {
			out = append(out, f)
		}
		leaves += known.leaves
	}
	return out, leaves
}

// keep caches what was read.
func (m *manifestCache) keep(f gitsource.File, o outcome) {
	if o.err == nil || lasting(o.err) {
		m.files[blobOf(f)] = o
	} else {
		m.passing[blobOf(f)] = o
	}
}

// lasting reports whether a file fails in the same way until it, the keys or the
// configuration change.
func lasting(err error) bool {
	if problems, is := errors.AsType[*sopsfile.Problems](err); is {
		return !problems.MayPass
	}
	if noKey, is := errors.AsType[*sopsfile.NoKeyError](err); is {
		return len(noKey.Causes) == 0
	}
	return errors.Is(err, secrets.ErrInvalid)
}

// recall returns what was read of the files of a commit, in their order, and drops every
// other file.
func (m *manifestCache) recall(files []gitsource.File) []outcome {
	out := make([]outcome, len(files))
	next := newManifestCache(m.keys)
	for i, f := range files {
		known, is := m.files[blobOf(f)]
		if is {
			next.files[blobOf(f)] = known
		} else {
			known = m.passing[blobOf(f)]
		}
		out[i] = known
	}
	*m = *next
	return out
}

// refuse remembers that a commit is too large, if that is the error.
func (m *manifestCache) refuse(commit gitsource.Commit, err error) {
	if tooLarge(err) {
		m.tooLarge, m.refusal = commit, err
	}
}

// refused is why a commit is beyond a limit; nil if that is not known.
func (m *manifestCache) refused(commit gitsource.Commit) error {
	if commit != m.tooLarge {
		return nil
	}
	return m.refusal
}
