// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestAnotherVaultIsAnErrorUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		other := vaulttest.StartOwn(t)
		s.Setenv("VAULT_ADDR", other.Address)
		s.Setenv("VAULT_TOKEN", other.Writer(t))
		s.Fails(t, []string{"plan"}, `Mount "customers" is not the one where this was written`, "accept_new_mount = true")
		s.Fails(t, []string{"destroy", "-auto-approve", "-refresh=false"}, "accept_new_mount = true")
		if s.Attributes(t, at("token")) == nil {
			t.Error("the refused destroy removed the secret from the state")
		}

		s.Write(t, strings.Replace(header, `owner  = "shop"`, "owner  = \"shop\"\n  accept_new_mount = true", 1)+s.secret("token", `"one"`))
		s.Plan(t).Change(at("token")).Changes(t, "drift", "purged", "in sync")
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if got, _ := other.ReadAs(t, other.Reader(t, s.workflow), s.workflow, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.configure(t, s.secret("token", `"one"`))
		s.NoChanges(t)
	})
}
