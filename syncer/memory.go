// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// maxRemembered bounds what a source remembers, in secrets: some 30 MB of memory.
// What is beyond it is read again in each round.
const maxRemembered = 100_000

// memory is what a source knows of the good files of its last commit, so that the
// next round reads only what changed. It holds no value. A file that failed is not
// in it and is tried again.
//
// It is not safe for concurrent use: a source has one round at a time.
type memory struct {
	// held are the keys that the files were opened with. With others they have to
	// show again that they open.
	held  string
	files map[blob][]Want
	size  int
	// overflow are the files of this round that found no room.
	overflow map[blob][]Want
}

// blob is a file's content at its place: messages and records name the path.
type blob struct{ path, oid string }

func blobOf(f gitsource.File) blob { return blob{path: f.Path, oid: f.OID} }

func newMemory(held string) *memory {
	return &memory{held: held, files: map[blob][]Want{}, overflow: map[blob][]Want{}}
}

// memory gives what is known of a source's files, which is nothing where the keys
// are not those they were opened with.
func (c *Controller) memory(source string, keys *sopsfile.Keys) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memories[source]
	if m == nil || m.held != keys.String() {
		m = newMemory(keys.String())
		c.memories[source] = m
	}
	return m
}

// unknown are the files that have to be read.
func (m *memory) unknown(files []gitsource.File) []gitsource.File {
	var out []gitsource.File
	for _, f := range files {
		if _, known := m.files[blobOf(f)]; !known {
			out = append(out, f)
		}
	}
	return out
}

// keep remembers a file that was read and found good.
func (m *memory) keep(f gitsource.File, wants []Want) {
	if m.size+len(wants) > maxRemembered {
		m.overflow[blobOf(f)] = wants
		return
	}
	m.files[blobOf(f)] = wants
	m.size += len(wants)
}

// recall gives all that the good ones among a commit's files want, in their order,
// and forgets every other file.
func (m *memory) recall(files []gitsource.File) []Want {
	var out []Want
	next := newMemory(m.held)
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
