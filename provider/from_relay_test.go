// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// TestFromRelayGuide applies the configuration of the guide on data as Relay's own
// programs wrote it, and runs the commands that remove what is left.
func TestFromRelayGuide(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		relaytest.OldData(t, s.vault, s.workflow, s.domain)
		grant := policy.Grant{Mount: "customers", Prefix: "workflows", Workflows: []string{s.workflow}, ConnectionsDomain: s.domain}
		as := func(role policy.Role) string {
			grant.Role = role
			rules, err := policy.For(grant)
			if err != nil {
				t.Fatal(err)
			}
			return s.vault.Token(t, rules)
		}
		s.Setenv("VAULT_TOKEN", as(policy.Writer))
		for name, value := range map[string]string{"registry_password": "new", "access_key_id": "AKIANEW", "secret_access_key": "new"} {
			s.Setenv("TF_VAR_"+name, value)
		}
		guide := relaytest.ReadGuide(t, "../templates/guides/from-relay.md.tmpl", s.workflow)
		example := snippet{text: guide.Example("Adopt with Terraform", "terraform")}.complete(t)
		config := strings.Replace(header, `owner  = "shop"`, "owner  = \"shop\"\n  domain = \""+s.domain+"\"", 1) + strings.Replace(example, terraformBlock, "", 1)
		s.Write(t, strings.ReplaceAll(config, "adopt    = true # for this apply", ""))
		s.Fails(t, []string{"apply", "-auto-approve"}, "already exists", "adopt = true")
		s.Write(t, config)
		s.Apply(t).Contains(t, "Relay's own data stays in Vault", relaytest.OldBody+": accessKeyID, secretAccessKey", "no connection uses it")
		s.Write(t, strings.NewReplacer("adopt    = true # for this apply", "", "adopt = true # for this apply", "").Replace(config))
		s.NoChanges(t)

		commands := strings.ReplaceAll(guide.Example("Remove the old bodies", "sh"), "my-account", s.domain)
		aws, _, _ := strings.Cut(commands, "vault kv metadata delete -mount=customers connections/"+s.domain+"/_relay")
		s.vault.Paste(t, as(policy.Administrator), aws)
		s.stepReads(t, s.workflow, "registry_password", "new")
		s.finds(t, "aws", map[string]string{"accessKeyID": "AKIANEW", "secretAccessKey": "new"})
		if old, _ := s.relay.Connection(s.domain, "kubernetes", "relay-dev-cluster"); old["token"] != "old-cluster-token" {
			t.Errorf("the connection that was not adopted has %q", old)
		}
		s.NoChanges(t)
	})
}
