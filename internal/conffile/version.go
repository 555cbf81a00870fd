// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"os"
	"slices"
)

// Version identifies the content of files without reading it. It is the one rule by which
// a program notices that a file of its configuration was replaced: by a rename, a write,
// or a change of a link in the path, as Kubernetes makes for mounted Secrets.
type Version []os.FileInfo

// VersionOf returns the version of the files now. A missing file has one, too.
func VersionOf(paths ...string) Version {
	out := make(Version, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil { // nil for a missing file
			out[i] = info
		}
	}
	return out
}

// Same reports whether both are the version of the same files with the same content.
func (v Version) Same(other Version) bool { return slices.EqualFunc(v, other, sameFile) }

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}
