// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package buildinfo

import (
	"runtime"
	"runtime/debug"
)

// Unknown is the version of a build that has none.
const Unknown = "dev"

// Info is a build.
type Info struct {
	// Version is such as "v1.2.3", or Unknown.
	Version string `json:"version"`
	// Commit is the git commit, and Time when it was made; empty if the build has none.
	Commit string `json:"commit,omitempty"`
	Time   string `json:"time,omitempty"`
	// Modified means that the checkout had uncommitted changes.
	Modified bool `json:"modified,omitempty"`
	// Go is the toolchain, such as "go1.26.8", Platform such as "linux/amd64".
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Read returns the build of this program. linked is the version that was set at link time,
// Unknown for none.
func Read(linked string) Info {
	build, _ := debug.ReadBuildInfo()
	return of(linked, build)
}

func of(linked string, build *debug.BuildInfo) Info {
	out := Info{Version: linked, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build == nil {
		return out
	}
	if linked == Unknown && build.Main.Version != "" && build.Main.Version != "(devel)" {
		out.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			out.Commit = s.Value
		case "vcs.time":
			out.Time = s.Value
		case "vcs.modified":
			out.Modified = s.Value == "true"
		}
	}
	return out
}
