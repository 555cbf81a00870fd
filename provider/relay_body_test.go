// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// connectionWriter is the policy of a writer of one domain.
func connectionWriter(t *testing.T, domain string) string {
	t.Helper()
	rules, err := policy.For(policy.Grant{Role: policy.Writer, Mount: "customers", Prefix: "workflows", ConnectionsDomain: domain})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestAdoptionWarnsOfTheBodyThatRelayWrote(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		relaytest.OldData(t, s.vault, s.workflow, s.domain)
		fields := map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "new"}

		t.Log("the token of this fixture may not list the domain")
		s.connect(t, "shop", "aws", fields, "adopt = true")
		s.Apply(t).Contains(t, "Relay's own data stays in Vault", "Check which bodies of Relay stay live below", "vault kv list -mount=customers connections/"+s.domain)
		s.finds(t, "aws", fields)

		t.Log("Relay's programs write over the connection: the repair leaves their body, too")
		s.Setenv("VAULT_TOKEN", s.vault.Token(t, connectionWriter(t, s.domain)))
		relaytest.WriteOld(t, s.vault, "connections/"+s.domain+"/aws/production", relaytest.OldBody)
		s.connect(t, "shop", "aws", fields)
		s.Apply(t).Contains(t, "Relay's own data stays in Vault", relaytest.OldBody+": accessKeyID, secretAccessKey; it was a body of",
			"vault kv metadata delete -mount=customers")
		s.NoChanges(t)
	})
}
