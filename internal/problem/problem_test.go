// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package problem_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

func TestListBecomesOneErrorWithAllPaths(t *testing.T) {
	t.Parallel()
	var webhook, source, all problem.List
	if all.Err() != nil {
		t.Error("an empty list is an error")
	}
	webhook.Add("secret_file", "is required")
	webhook.AddIf(false, "provider", "is not added")
	webhook.AddError("provider", nil)
	source.AddList("webhook", webhook)
	source.AddError("", fs.ErrNotExist)
	all.AddList(problem.Index("sources", 1), source)
	all.AddList("sources", problem.List{{Path: "[2]", Text: "must be a mapping"}})
	err := all.Err()
	want := "sources[1].webhook.secret_file is required\nsources[1]: file does not exist\nsources[2] must be a mapping"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error does not wrap the cause")
	}
	if listed, is := errors.AsType[*problem.Error](err); !is || len(listed.Problems) != 3 {
		t.Error("the error does not hold the problems")
	}
	if got := (problem.Problem{Text: "empty"}).Error(); got != "empty" {
		t.Errorf("a problem of the whole configuration prints %q", got)
	}
}

func TestStepsOfAPath(t *testing.T) {
	t.Parallel()
	want := []any{"sources", 10, "notify", 0, "github", "url"}
	if diff := cmp.Diff(want, problem.Steps("sources[10].notify[0].github.url")); diff != "" {
		t.Error(diff)
	}
	if got := problem.Steps(""); got != nil {
		t.Errorf("the empty path has the steps %v", got)
	}
}
