// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestRevisionHasTheReferencesOfSteps(t *testing.T) {
	t.Parallel()
	secret := func(user, name string) report.Reference {
		return report.Reference{Kind: workflowfile.Secret, UserKind: "step", User: user, Name: name}
	}
	all, trigger, dynamic := secret("deploy", ""), secret("cron", "hook"), secret("deploy", "")
	all.All, trigger.UserKind, dynamic.Dynamic = true, "trigger", true
	aws := report.Reference{Kind: workflowfile.Connection, UserKind: "step", User: "build", Type: "aws", Name: "prod"}
	w := report.Workflow{References: []report.Reference{secret("build", "a"), secret("build", "a"), aws, aws, all, dynamic, trigger}}
	got := revisionOf(w, []string{"a", "b"})
	want := []step{
		{"build", references{[]named{{"a"}}, []connectionName{{"aws", "prod"}}}},
		{"deploy", references{[]named{{"a"}, {"b"}}, []connectionName{}}},
	}
	if diff := cmp.Diff(want, got.Steps); diff != "" {
		t.Error(diff)
	}
	if same := revisionOf(w, nil); same.ID != got.ID || len(got.ID) != 32 {
		t.Errorf("the id depends on the secrets: %s, %s", same.ID, got.ID)
	}
	w.References = w.References[1:]
	if other := revisionOf(w, nil); other.ID == got.ID {
		t.Error("the id does not change with the references")
	}
	if got := revisionOf(report.Workflow{MissingKnown: true}, nil); got == nil || len(got.Steps) != 0 {
		t.Errorf("a workflow file without references: %+v", got)
	}
	if got := revisionOf(report.Workflow{}, nil); got != nil {
		t.Errorf("no workflow file: %+v", got)
	}
}
