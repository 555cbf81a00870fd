// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestPolicyPrintsPolicyOfPackage compares relay-sync policy with policy.For, which the
// provider's data source uses too.
func TestPolicyPrintsPolicyOfPackage(t *testing.T) {
	t.Parallel()
	at := func(g policy.Grant) policy.Grant {
		g.Mount, g.Prefix = "customers", "workflows"
		return g
	}
	for args, want := range map[string]policy.Grant{
		"writer":                                             at(policy.Grant{Role: policy.Writer}),
		"writer --undelete --destroy --settings":             at(policy.Grant{Role: policy.Writer, Undelete: true, Destroy: true, Settings: true}),
		"writer --mount /team/kv/ --prefix flows":            {Role: policy.Writer, Mount: "team/kv", Prefix: "flows"},
		"reader --workflow deploy,nightly --workflow weekly": at(policy.Grant{Role: policy.Reader, Workflows: []string{"deploy", "nightly", "weekly"}}),
		"operator --workflow-prefix deploy-":                 at(policy.Grant{Role: policy.Operator, WorkflowPrefixes: []string{"deploy-"}}),
		"approver --secrets-by administrator --controller c": at(policy.Grant{Role: policy.Approver, SecretsBy: policy.Administrator, Controller: "c"}),
		"approver --controller c --source shop,platform":     at(policy.Grant{Role: policy.Approver, Controller: "c", Sources: []string{"shop", "platform"}}),
		"controller --controller c --source shop --undelete": at(policy.Grant{Role: policy.Controller, Controller: "c", Sources: []string{"shop"}, Undelete: true}),
		"administrator --approvals":                          at(policy.Grant{Role: policy.Administrator, Approvals: true}),
		"administrator --connections-domain relay":           at(policy.Grant{Role: policy.Administrator, ConnectionsDomain: "relay"}),
		"reader --identity-accessor a --identity-workflow k": at(policy.Grant{Role: policy.Reader, Identity: policy.Identity{Accessor: "a", Workflow: "k"}}),
		"viewer --identity-accessor a --identity-workflow k --identity-domain d": at(policy.Grant{Role: policy.Viewer,
			Identity: policy.Identity{Accessor: "a", Workflow: "k", Domain: "d"}}),
	} {
		for output, write := range map[string]func(policy.Grant) (string, error){"text": policy.For, "json": policy.JSON} {
			text, err := write(want)
			if err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{"policy", "-o", output}, strings.Fields(args)...), &stdout, &stderr)
			if diff := cmp.Diff(text, stdout.String()); code != 0 || diff != "" || stderr.Len() > 0 {
				t.Errorf("policy %s: exit code %d, %q, policy.For (-), printed (+):\n%s", args, code, stderr.String(), diff)
			}
		}
	}
}

// TestRolesGuideCommandsWork runs the policy commands of the guide.
func TestRolesGuideCommandsWork(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../templates/guides/roles.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^relay-sync (policy (?:[^|#\n\\]|\\\n)*)`).FindAllStringSubmatch(string(guide), -1)
	if len(commands) < 5 {
		t.Errorf("the guide shows %d commands", len(commands))
	}
	for _, shown := range commands {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(strings.ReplaceAll(shown[1], "\\\n", " ")), &stdout, &stderr); code != 0 {
			t.Errorf("%s: %s", shown[1], stderr.String())
		}
	}
}

// TestVaultAcceptsJSONPolicy shows that the JSON output is a valid policy in Vault.
func TestVaultAcceptsJSONPolicy(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"policy", "-o", "json", "operator", "--workflow", workflow}, &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	token := v.Token(t, stdout.String())
	body := map[string]any{"data": map[string]any{"value": "x"}}
	for path, want := range map[string]int{workflow: http.StatusOK, workflow + "-b": http.StatusForbidden} {
		if status, _ := v.Call(t, token, http.MethodPost, "customers/data/workflows/"+path+"/token", body); status != want {
			t.Errorf("writing in %s: status %d, want %d", path, status, want)
		}
	}
}

func TestPolicyRejectsInvalidFlags(t *testing.T) {
	t.Parallel()
	for args, text := range map[string]string{
		"":                                        "expected one ROLE",
		"admin":                                   `role "admin": expected one of viewer, operator`,
		"reader":                                  "needs the names of its workflows",
		"reader --workflow=":                      "the list of workflows is empty",
		"writer --workflow deploy-*":              `'*' (U+002A)`,
		"operator --secrets-by everybody":         `--secrets-by: role "everybody"`,
		"reader --identity-workflow k":            "the accessor of the auth mount",
		"writer --mount + --prefix a/*":           "mount \"+\": segment \"+\": it begins with '+' (U+002B); it must begin with a letter, a digit or _\n  prefix",
		"viewer --destroy -o json":                "only an administrator has these rights",
		"operator extra":                          "expected one ROLE",
		"approver":                                "the controller is required for this role",
		"controller --controller teams":           `controller name "teams": it is the folder of teams`,
		"controller --controller c --source=":     "the list of sources is empty",
		"approver --controller c --source +":      `owner id "+"`,
		"operator --controller c":                 "are for an approver or a controller",
		"approver --controller c --approvals":     "approvals is for an administrator",
		"writer --prefix relay-sync/c --mount /m": `prefix "relay-sync/c": "relay-sync" is reserved`,
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"policy"}, strings.Fields(args)...), &stdout, &stderr)
		if code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), text) {
			t.Errorf("policy %s: exit code %d, %q, %q, want %q", args, code, stdout.String(), stderr.String(), text)
		}
	}
}
