// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// stackReaders applies the stack with a stub of the Vault provider, and logs in as each step. It
// needs a Vault of its own: the stack enables auth methods.
func stackReaders(t *testing.T, cli terraformtest.CLI, _ *vaulttest.Vault) {
	empty := vaulttest.StartEmpty(t)
	s := stack(t, cli, empty, "readers")
	s.InstallProvider(t, "hashicorp/vault")
	github, gitlab, kubernetes := vaulttest.StartIssuer(t), vaulttest.StartIssuer(t), vaulttest.StartKubernetes(t)
	for name, value := range map[string]map[string]any{
		"github": {"issuer": github.URL, "repository": "acme/shop", "branch": "main", "environment": "production"},
		"gitlab": {"issuer": gitlab.URL, "project": "acme/shop", "branch": "main", "environment": "production"},
		"kubernetes": {
			"host": kubernetes.URL, "namespace": "prod", "service_account": "deploy", "ca_cert": kubernetes.CA, "reviewer_version": 1,
		},
	} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		s.Setenv("TF_VAR_"+name, string(text))
	}
	s.Setenv("TF_VAR_kubernetes_reviewer_jwt", kubernetes.Reviewer)
	s.Setenv("VAULT_ADDR", empty.Address)
	s.Setenv("VAULT_TOKEN", empty.RootToken)
	s.Apply(t)
	s.NoChanges(t)
	s.holdsNone(t, kubernetes.Reviewer)

	logIn := func(mount, token string) (ok bool) {
		status, answer := empty.Call(t, "", http.MethodPost, "auth/"+mount+"/login", map[string]any{"role": "deploy-production", "jwt": token})
		if status == http.StatusOK {
			auth := answer["auth"].(map[string]any)
			if got := auth["token_policies"].([]any); len(got) != 2 || got[1] != "deploy-production-reader" || auth["token_type"] != "batch" {
				t.Errorf("%s: the token has the policies %v and the type %v", mount, got, auth["token_type"])
			}
		}
		return status == http.StatusOK
	}
	for mount, ci := range map[string]struct {
		issuer *vaulttest.Issuer
		claims map[string]any
	}{
		"github": {github, map[string]any{
			"aud": "https://vault.example.com", "repository": "acme/shop", "ref": "refs/heads/main", "event_name": "workflow_dispatch", "environment": "production",
		}},
		"gitlab": {gitlab, map[string]any{
			"aud": "https://vault.example.com", "project_path": "acme/shop", "ref": "main", "ref_type": "branch", "ref_protected": "true",
			"environment": "production", "environment_protected": "true",
		}},
	} {
		if !logIn(mount, ci.issuer.Token(t, maps.Clone(ci.claims))) {
			t.Errorf("%s: the job cannot log in", mount)
		}
		for name := range ci.claims {
			claims := maps.Clone(ci.claims)
			claims[name] = "other"
			if logIn(mount, ci.issuer.Token(t, claims)) {
				t.Errorf("%s: a job with another %s logs in", mount, name)
			}
		}
	}
	if !logIn("kubernetes", kubernetes.Token(t, "prod", "deploy", "vault")) || logIn("kubernetes", kubernetes.Token(t, "other", "deploy", "vault")) {
		t.Error("Kubernetes: not exactly the service account can log in")
	}
	appRoleReadsOneWorkflow(t, empty)
}

// appRoleReadsOneWorkflow logs in by AppRole, as the steps of the workflow without an identity do.
func appRoleReadsOneWorkflow(t *testing.T, empty *vaulttest.Vault) {
	t.Helper()
	_, id := empty.Call(t, empty.RootToken, http.MethodGet, "auth/approle/role/deploy-production/role-id", nil)
	_, secret := empty.Call(t, empty.RootToken, http.MethodPost, "auth/approle/role/deploy-production/secret-id", nil)
	credentials := map[string]any{"role_id": id["data"].(map[string]any)["role_id"], "secret_id": secret["data"].(map[string]any)["secret_id"]}
	status, answer := empty.Call(t, "", http.MethodPost, "auth/approle/login", credentials)
	if status != http.StatusOK {
		t.Fatalf("AppRole: status %d", status)
	}
	for path, want := range map[string]string{"data/workflows/deploy-production/a": "read", "data/workflows/other/a": "deny"} {
		path = "customers/" + path
		_, granted := empty.Call(t, answer["auth"].(map[string]any)["client_token"].(string), http.MethodPost, "sys/capabilities-self", map[string]any{"paths": []string{path}})
		if got := granted["data"].(map[string]any)[path].([]any); len(got) != 1 || got[0] != want {
			t.Errorf("the step has %v on %s, want %s", got, path, want)
		}
	}
}
