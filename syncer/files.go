// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"os"
	"slices"
	"time"
)

// filesInterval is how often the files that a source depends on are compared. Events of
// the file system would not arrive from network file systems, and are hard to follow
// through the links of a Kubernetes volume.
const filesInterval = 2 * time.Second

// watchFiles calls changed whenever one of the files is another one, or another content,
// until ctx ends. It reads none of them.
func watchFiles(ctx context.Context, paths []string, changed func()) {
	ticker := time.NewTicker(filesInterval)
	defer ticker.Stop()
	before := stat(paths)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if now := stat(paths); !slices.EqualFunc(before, now, sameFile) {
				before = now
				changed()
			}
		}
	}
}

// stat describes the files, behind links; nil for a missing one.
func stat(paths []string) []os.FileInfo {
	out := make([]os.FileInfo, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil {
			out[i] = info
		}
	}
	return out
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}
