// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestColumnsOfAWorkflowAreAligned(t *testing.T) {
	t.Parallel()
	result := func(name string, kind plan.Kind) report.Result {
		address := secrets.Scope{Mount: "m", Prefix: "p", Group: "deploy"}.Secret(name)
		return report.Result{Action: plan.Action{Kind: kind, Address: address, Cause: "CAUSE"}}
	}
	var out strings.Builder
	err := render.NewText(&out, false).Write([]report.Report{{Source: "shop", Branch: "main", Results: []report.Result{
		result("a", plan.Add), result("longer", plan.PendingApproval), result("b", plan.Blocked),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var columns []int
	for line := range strings.Lines(out.String()) {
		if column := strings.Index(line, "CAUSE"); column >= 0 {
			columns = append(columns, column)
		}
	}
	if len(columns) != 3 || columns[0] != columns[1] || columns[1] != columns[2] {
		t.Errorf("the causes begin at columns %v:\n%s", columns, out.String())
	}
}

func TestVerifiedFileOfSeveralSourcesNamesThem(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := render.NewText(&out, false).WriteVerified([]report.Verified{
		{Source: "one", File: "a.yaml", Secrets: 1}, {Source: "two", File: "a.yaml", Err: errors.New("a.yaml: CAUSE")}, {Source: "one", File: "b.yaml", Secrets: 2},
	})
	want := "ok a.yaml for source one  1 secret\nrefused a.yaml for source two\n  a.yaml: CAUSE\nok b.yaml  2 secrets\n\n3 manifests, 1 refused.\n"
	if err != nil || out.String() != want {
		t.Errorf("got %v\n%s", err, out.String())
	}
}
