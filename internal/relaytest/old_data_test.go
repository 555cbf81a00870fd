// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// readerOf is the policy of a reader of one workflow and one domain.
func readerOf(t *testing.T, workflow, domain string) string {
	t.Helper()
	rules, err := policy.For(policy.Grant{
		Role: policy.Reader, Mount: "customers", Prefix: "workflows", Workflows: []string{workflow}, ConnectionsDomain: domain,
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// A refusal anywhere below the workflow or the domain is Relay's error for the whole
// spec, so the policy covers what Relay's own policy covers.
func TestReaderPolicyReadsOldDataOfRelay(t *testing.T) {
	t.Parallel()
	v, workflow, domain := vaulttest.Start(t), vaulttest.Workflow(t), vaulttest.Workflow(t)
	relaytest.OldData(t, v, workflow, domain)
	rules := readerOf(t, workflow, domain)
	oneLevel := strings.NewReplacer(
		"data/workflows/"+workflow+"/*", "data/workflows/"+workflow+"/+", "metadata/workflows/"+workflow+"/*", "metadata/workflows/"+workflow+"/",
		"data/connections/"+domain+"/*", "data/connections/"+domain+"/+/+", "metadata/connections/"+domain+"/*", "metadata/connections/"+domain+"/+/",
	).Replace(rules) + "\npath \"customers/metadata/connections/" + domain + "/\" { capabilities = [\"list\"] }\n"
	for name, c := range map[string]struct {
		spec string
		want map[string]string
	}{
		"a body of the development mode": {"all: ${connections}", map[string]string{
			"spec.all.aws.production.accessKeyID":                        "AKIAOLD",
			"spec.all.aws.production.secretAccessKey":                    "old-secret-key",
			"spec.all.kubernetes.relay-dev-cluster.server":               "https://kubernetes.default.svc",
			"spec.all.kubernetes.relay-dev-cluster.certificateAuthority": "old-authority",
			"spec.all.kubernetes.relay-dev-cluster.token":                "old-cluster-token",
		}},
		"a nested secret": {"token: ${secrets.api_token}\n    password: ${secrets['database/password']}", map[string]string{
			"spec.token": "old-token", "spec.password": "old-database",
		}},
		"every secret": {"all: ${secrets}", map[string]string{
			"spec.all.registry_password": "old-registry", "spec.all.api_token": "old-token", "spec.all.slack:webhook": "old-webhook",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "steps:\n- name: one\n  image: relaysh/core\n  spec:\n    " + c.spec + "\n"
			relay := relaytest.Start(t, v, v.Token(t, rules))
			relay.Domain = domain
			got, refused := relay.Steps(workflow, file)
			if refused != "" || len(got) != 1 || !got[0].Complete || !maps.Equal(got[0].Values, c.want) {
				t.Errorf("the step receives %v, want %v (%s)", got, c.want, refused)
			}
			narrow := relaytest.Start(t, v, v.Token(t, oneLevel))
			narrow.Domain = domain
			if got, refused := narrow.Steps(workflow, file); name != "every secret" && !strings.Contains(refused, "403") {
				t.Errorf("a policy for one level is sufficient, so the test proves nothing: %v, %q", got, refused)
			}
		})
	}
}
