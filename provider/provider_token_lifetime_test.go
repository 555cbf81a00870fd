// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

func TestLoginCanBeKnownOnlyDuringTheApply(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, v)
		source := "\nresource \"terraform_data\" \"role\" {\n  input = \"" + roleID + "\"\n}\n"
		s.configureAuth(t, `auth = { approle = { role_id = terraform_data.role.output, secret_id_file = "`+credential(t, secretID)+`" } }`,
			source, s.secret("token", `"one"`))
		plan := s.Plan(t)
		terraformtest.Result{Output: plan.Output}.Contains(t, "Warning: Drift is not checked", "The provider's auth is known only during the apply")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("the plan sent %d requests", n)
		}
		seen := watch(s.proxy)
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if seen.logins != 1 || len(seen.revoked) != 1 {
			t.Errorf("%d logins, %d revoked", seen.logins, len(seen.revoked))
		}
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestTokenThatExpiresDuringAnApplyIsReplaced(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "brief", "1s")
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, v)
		var blocks []string
		names := []string{"one", "two", "three", "four"}
		for _, name := range names {
			blocks = append(blocks, s.secret(name, `"`+name+`"`))
		}
		s.configureAuth(t, `auth = { approle = { role_id = "`+roleID+`", secret_id_file = "`+credential(t, secretID)+`" } }`, blocks...)
		writes, logins := 0, 0
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			switch {
			case strings.HasSuffix(r.URL.Path, "/login"):
				logins++
			case strings.Contains(r.URL.Path, "/data/"):
				if writes++; writes == 2 {
					s.awaitDeath(t, r.Header.Get("X-Vault-Token"))
				}
			}
			return vaulttest.Action{}
		})
		s.Must(t, "apply", "-auto-approve", "-parallelism=1")
		if logins < 2 || writes != len(names)+1 {
			t.Errorf("%d logins and %d writes: no token expired during the apply", logins, writes)
		}
		for _, name := range names {
			if got := s.value(t, name); got != name {
				t.Errorf("the workflow reads %q for %s", got, name)
			}
			s.attributes(t, name, map[string]any{"version": 1.0, "drift": "in sync"})
		}
	})
}

func TestFailedRevocationIsNotAnError(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	file := credential(t, secretID)
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		for what, do := range map[string]func(r *http.Request) vaulttest.Action{
			"Vault is gone": func(*http.Request) vaulttest.Action { return vaulttest.CutAt(vaulttest.Before) },
			"Vault refuses": func(*http.Request) vaulttest.Action { return vaulttest.FailWith(http.StatusForbidden) },
			"Vault hangs": func(r *http.Request) vaulttest.Action {
				<-r.Context().Done() // until the provider gives up, or is killed
				return vaulttest.CutAt(vaulttest.Before)
			},
		} {
			t.Log(what)
			s := newFixtureOn(t, cli, v)
			s.configureAuth(t, `auth = { approle = { role_id = "`+roleID+`", secret_id_file = "`+file+`" } }`, s.secret("token", `"one"`))
			s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if strings.HasSuffix(r.URL.Path, "revoke-self") {
					return do(r)
				}
				return vaulttest.Action{}
			})
			s.Apply(t)
		}
	})
}

// awaitDeath waits until a token is invalid.
func (s *fixture) awaitDeath(t *testing.T, token string) {
	if !await.Until(30*time.Second, func() bool { return !s.lives(t, token) }) {
		t.Error("the token is still valid")
	}
}
