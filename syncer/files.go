// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// filesInterval is how often the files that a source depends on are compared. Events of
// the file system would not arrive from network file systems, and are hard to follow
// through the links of a Kubernetes volume.
const filesInterval = 2 * time.Second

// watchFiles calls changed whenever one of the files is another one, or another content,
// than before and from then on, until ctx ends. It reads none of them. The caller takes
// before when nothing has read the files yet: a change in between is noticed, too.
func watchFiles(ctx context.Context, before conffile.Version, paths []string, changed func()) {
	ticker := time.NewTicker(filesInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if now := conffile.VersionOf(paths...); !now.Same(before) {
				before = now
				changed()
			}
		}
	}
}
