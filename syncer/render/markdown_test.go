// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func markdownOf(t *testing.T, reports ...report.Report) string {
	t.Helper()
	var out strings.Builder
	if err := render.WriteMarkdown(&out, reports, plan.NewConfigFlag("ci.yaml")); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func planned(name string, kind plan.Kind, cause, file string) report.Result {
	address := secrets.Scope{Mount: "m", Prefix: "p", Group: "deploy"}.Secret(name)
	return report.Result{Action: plan.Action{Kind: kind, Address: address, Cause: cause, Want: &plan.Want{File: file, Line: 3}}}
}

func TestMarkdownOfAPlan(t *testing.T) {
	t.Parallel()
	got := markdownOf(t, report.Report{
		Source: "shop", Branch: "main", Commit: "0123456789abcdef", Files: 2, PlanID: "f00",
		Results:  []report.Result{planned("token", plan.Add, "", "a.yaml"), planned("same", plan.Unchanged, "", "a.yaml"), planned("old", plan.PendingApproval, "not deleted: too many", "a.yaml")},
		Failures: []report.Failure{{File: "b.yaml", Err: errors.New("b.yaml: 2 problems:\n  line 1: one\n  line 2: two")}},
	}, report.Report{Source: "till", Branch: "main", Err: errors.New("fetch: timed out")})
	want := "### `shop`\n\n`main` at `0123456789`, 2 manifests\n\n" +
		"**Plan: 1 to add, 1 pending approval, 1 failed, 1 unchanged.**\n\n" +
		"| | secret | action | details |\n|---|---|---|---|\n" +
		"| `+` | `deploy/token` | add | `a.yaml:3` |\n" +
		"| `?` | `deploy/old` | pending approval | `a.yaml:3 not deleted: too many` |\n\n" +
		"Refused; nothing in these files is applied:\n\n" +
		"```text\nb.yaml: 2 problems:\n  line 1: one\n  line 2: two\n```\n\n" +
		"Pending approval. To approve as an approver: `" + plan.NewConfigFlag("ci.yaml").ApproveAs("shop") + "`\n\n" +
		"As the operator of this controller: `" + plan.NewConfigFlag("ci.yaml").Approve("f00") + "`\n\n" +
		"### `till`\n\n**Nothing was written: the sync ended before its plan.**\n\n```text\nfetch: timed out\n```\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A file of a pull request must not add markup, rows or mentions to the comment.
func TestMarkdownOfForeignTextIsCode(t *testing.T) {
	t.Parallel()
	got := markdownOf(t, report.Report{
		Source: "shop", Branch: "main",
		Results:  []report.Result{planned("a", plan.Add, "", "x`` | @all <img src=x> `.yaml")},
		Failures: []report.Failure{{Err: errors.New("y```\n# heading @all\n```.yaml")}},
	})
	for _, want := range []string{
		"| ```x`` \\| @all <img src=x> `.yaml:3``` |\n",
		"````text\ny```\n# heading @all\n```.yaml\n````\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// GitHub refuses a comment of more than 65,536 characters.
func TestMarkdownOfALargePlanFitsIntoAComment(t *testing.T) {
	t.Parallel()
	r := report.Report{Source: "shop", Branch: "main"}
	for i := range 5000 {
		r.Results = append(r.Results, planned(fmt.Sprint("secret", i), plan.Delete, "no file of this commit has it", "a.yaml"))
	}
	for range 20 {
		r.Failures = append(r.Failures, report.Failure{Err: errors.New(strings.Repeat("x", 10_000))})
	}
	got := markdownOf(t, r)
	rows := strings.Count(got, "| `-` |") + strings.Count(got, "```text")
	if len(got) > 60_000 || rows < 100 || !strings.Contains(got, fmt.Sprintf("\n%d more rows and messages are left out. To see all of them: `relay-sync plan -c ci.yaml`\n", 5020-rows)) {
		t.Errorf("%d characters, %d rows, the end: %s", len(got), rows, got[len(got)-200:])
	}
}
