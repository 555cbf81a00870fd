// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestManagingSecretsGuide applies the Terraform configuration of the guide, and runs its
// step with the values that Relay's code reads.
func TestManagingSecretsGuide(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		guide := relaytest.ReadGuide(t, "../docs/guides/managing-secrets.md", s.workflow)
		password, keystore := vaulttest.Canary(t), "\x30\x82\x00\xff\n"+vaulttest.Canary(t)+"\n"
		if err := os.WriteFile(filepath.Join(s.Dir, "keystore.p12"), []byte(keystore), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Setenv("TF_VAR_registry_password", password)
		s.configure(t, guide.Example("From Terraform", "terraform"))
		s.Apply(t)
		s.NoChanges(t)

		relay := relaytest.Start(t, s.vault, s.vault.Reader(t, s.workflow))
		script := guide.Example("In the step", "sh") + `printf %s "$PASSWORD" > password`
		dir := relay.Step(t, s.workflow, guide.Example("Values", "yaml"), script)
		for name, want := range map[string]string{
			"password": password, "keystore.p12": keystore, "credentials.json": `{"password":"` + password + `","username":"ci"}`,
		} {
			if got := string(s.file(t, filepath.Join(dir, name))); got != want {
				t.Errorf("the step has %q as %s, want %q", got, name, want)
			}
		}
	})
}
