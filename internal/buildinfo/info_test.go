// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestVersionIsTheLinkedOneOrThatOfTheModule(t *testing.T) {
	t.Parallel()
	build := func(version string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-22T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
		}}
	}
	for _, c := range []struct {
		linked string
		build  *debug.BuildInfo
		want   string
	}{
		{"v1.2.3", build("(devel)"), "v1.2.3"},
		{"v1.2.3", build("v1.0.0"), "v1.2.3"},
		{Unknown, build("v1.0.0"), "v1.0.0"}, // go install ...@v1.0.0
		{Unknown, build("(devel)"), Unknown},
		{Unknown, build(""), Unknown},
		{Unknown, nil, Unknown},
	} {
		got := of(c.linked, c.build)
		if got.Version != c.want || got.Go == "" || got.Platform == "" {
			t.Errorf("linked %q: %+v", c.linked, got)
		}
		if c.build != nil && (got.Commit != "abc" || got.Time == "" || !got.Modified) {
			t.Errorf("%+v", got)
		}
	}
}
