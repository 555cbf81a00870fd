// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestCredentialsAreNotInStatePlanOrOutput(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	password, jwt := v.User(t, "ada"), v.JWT(t, "deployer")
	token := vaulttest.Canary(t)
	if status, answer := v.Call(t, v.RootToken, http.MethodPost, "auth/token/create", map[string]any{"id": token, "policies": []string{"writer"}}); status != http.StatusOK {
		t.Fatalf("making a token: %v", answer)
	}
	header := vaulttest.Canary(t)
	canaries := map[string]string{"token": token, "secret_id": secretID, "password": password, "jwt": jwt, "header": header}
	logins := []login{
		{arguments: `auth = { token = var.token }`},
		{arguments: `auth = { approle = { role_id = "` + roleID + `", secret_id = var.secret_id } }`},
		{arguments: `auth = { userpass = { username = "ada", password = var.password } }`},
		{arguments: `auth = { jwt = { role = "deployer", token = var.jwt } }`},
		{arguments: "token = var.token\n  headers = { \"X-Gateway\" = var.header }"},
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, v)
		s.Setenv("TF_LOG", "TRACE")
		logins, variables, outputs := slices.Clone(logins), s.ephemeral(canaries), map[string][]byte{}
		for i := range logins {
			logins[i].address = s.proxy.Address
		}
		run := func(what string, code int, args ...string) {
			result := s.Run(t, args...)
			if outputs[what] = []byte(result.Output); result.Code != code {
				t.Errorf("%s: exit %d, want %d", what, result.Code, code)
			}
		}
		var tokens sync.Map // of the logins
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			tokens.Store(r.Header.Get("X-Vault-Token"), true)
			return vaulttest.Action{}
		})
		s.logins(t, logins, []string{"a"}, variables)
		run("plan", 0, "plan", "-out="+terraformtest.PlanFile)
		run("plan as JSON", 0, "show", "-json", terraformtest.PlanFile)
		run("create", 0, "apply", terraformtest.PlanFile)
		run("refresh", 0, "plan")
		outputs["state"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
		for what, action := range map[string]vaulttest.Action{
			"refused": vaulttest.FailWith(400), "broken": vaulttest.FailWith(500), "cut": vaulttest.CutAt(vaulttest.After),
		} {
			s.proxy.Hook(func(int, *http.Request) vaulttest.Action { return action })
			run("everything is "+what, 1, "plan")
		}
		s.proxy.Hook(nil)
		t.Log("wrong credentials that contain the canary")
		for i := range logins {
			logins[i].arguments = wrongVariable.ReplaceAllString(logins[i].arguments, `"$${$1}-"`)
		}
		s.logins(t, logins, []string{"a"}, variables)
		run("wrong", 1, "plan")
		t.Log("invalid credentials")
		for i := range logins {
			logins[i].arguments = strings.ReplaceAll(logins[i].arguments, `}-"`, `}\ntwo lines"`)
		}
		s.logins(t, logins, []string{"a"}, variables)
		run("refused before Vault is asked", 1, "plan")

		assertNoTokens(t, &tokens, token, outputs)
		for _, canary := range canaries {
			vaulttest.AssertNoCanary(t, canary, outputs)
		}
	})
}

// assertNoTokens checks that no output contains a token of a login.
func assertNoTokens(t *testing.T, tokens *sync.Map, given string, outputs map[string][]byte) {
	t.Helper()
	if !strings.Contains(string(outputs["create"]), "[TRACE]") {
		t.Error("the output has no trace log")
	}
	tokens.Range(func(token, _ any) bool {
		if token := token.(string); token != "" && token != given {
			vaulttest.AssertNoCanary(t, token, outputs)
		}
		return true
	})
}

// wrongVariable matches a reference to a variable.
var wrongVariable = regexp.MustCompile(`\b(var\.\w+)`)
