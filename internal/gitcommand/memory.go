// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"fmt"
	"strings"
)

// DefaultMemory is how many bytes git may allocate at once. A pack of a few hundred KiB can
// contain objects of any size. With the settings below, git needs about three times as much
// at the most: an object, the object that it is a delta of, and the cache of such objects.
const DefaultMemory = 64 << 20

// memorySettings limit what git keeps in memory beside the object that it works on.
func (g Git) memorySettings() []string {
	half := fmt.Sprint(g.memory / 2)
	return []string{
		"core.bigFileThreshold=1m", // git does not load a larger blob that is not a delta
		"core.deltaBaseCacheLimit=" + half,
		"core.packedGitWindowSize=8m",
		"core.packedGitLimit=64m",
		"pack.threads=1", // each would need as much
		"pack.windowMemory=" + half,
		"pack.deltaCacheSize=" + half,
	}
}

// MemoryHint completes the message of git about its limit.
const MemoryHint = "an object of the repository, or the list of its objects, needs more memory than git may use at once. Hint: remove large files from the history of the repository, or set a higher limits.git_mib"

// OverMemory reports whether git stopped at its limit of memory, by its standard error.
func OverMemory(stderr string) bool {
	return strings.HasPrefix(stderr, "attempting to allocate ") && strings.Contains(stderr, " over limit ")
}
