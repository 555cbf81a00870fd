// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// maxCached limits what a source caches, in secrets: some 30 MB of memory. What is
// beyond it is read again in each sync.
const maxCached = 100_000

// manifestCache is what a source knows of the valid files of its last commit, so that
// the next sync reads only what changed. It holds no value. A file that failed is not
// in it and is tried again.
//
// It is not safe for concurrent use: a source has one sync at a time.
type manifestCache struct {
	// keys are those that the files were opened with. With other keys the files must be
	// opened again.
	keys  string
	files map[blob][]plan.Want
	size  int
	// overflow are the files of this sync beyond the limit.
	overflow map[blob][]plan.Want
}

// blob is a file's content at its path: messages and records name the path.
type blob struct{ path, oid string }

func blobOf(f gitsource.File) blob { return blob{path: f.Path, oid: f.OID} }

func newManifestCache(keys string) *manifestCache {
	return &manifestCache{keys: keys, files: map[blob][]plan.Want{}, overflow: map[blob][]plan.Want{}}
}

// manifestCache returns the cache of a source, which is empty if the keys are not those
// that its files were opened with.
func (c *Controller) manifestCache(source string, keys *sopsfile.Keys) *manifestCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.caches[source]
	if m == nil || m.keys != keys.String() {
		m = newManifestCache(keys.String())
		c.caches[source] = m
	}
	return m
}

// missing are the files that have to be read.
func (m *manifestCache) missing(files []gitsource.File) []gitsource.File {
	var out []gitsource.File
	for _, f := range files {
		if _, known := m.files[blobOf(f)]; !known {
			out = append(out, f)
		}
	}
	return out
}

// keep caches a file that was read and is valid.
func (m *manifestCache) keep(f gitsource.File, wants []plan.Want) {
	if m.size+len(wants) > maxCached {
		m.overflow[blobOf(f)] = wants
		return
	}
	m.files[blobOf(f)] = wants
	m.size += len(wants)
}

// recall returns what the valid files of a commit want, in their order, and drops every
// other file.
func (m *manifestCache) recall(files []gitsource.File) []plan.Want {
	var out []plan.Want
	next := newManifestCache(m.keys)
	for _, f := range files {
		wants, known := m.files[blobOf(f)]
		if known {
			next.keep(f, wants)
		}
		out = append(out, wants...)
		out = append(out, m.overflow[blobOf(f)]...)
	}
	*m = *next
	return out
}
