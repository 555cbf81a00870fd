// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// configurationOfLogin is one of relay-sync, whose token is the file token.
const configurationOfLogin = `controller: cluster-1
vault:
  address: %s
  login: {kubernetes: {role: relay-sync, token_file: token}}
sources:
- {name: platform, repository: srv/platform, files: ["secrets/*.yaml"], workflows: [deploy-production], age_keys: [platform.age]}
`

// TestKubernetesLogin logs in at Vault's own Kubernetes method, which asks the API server whose a
// token is.
func TestKubernetesLogin(t *testing.T) {
	t.Parallel()
	e := withRoles(t)
	apply := func(token string) string { return e.withToken(token, "relay-sync", "apply", "-c", "relay-sync.yaml") }
	step := func(token string) string {
		return e.withToken(token, tools.Path(t, "relay-step"), "exec", "--workflow", "deploy-production", "--login", "kubernetes", "--role", "deploy-production",
			"--jwt-file", "token", "--env", "V=registry_password", "--", "sh", "-c", `echo "the step has $V"`)
	}
	ofSync, ofStep := e.api.Token(t, "relay-sync", "relay-sync", "vault"), e.api.Token(t, "prod", "deploy", "vault")
	if got := apply(ofSync); !strings.Contains(got, "1 added") {
		t.Errorf("relay-sync does not log in: %s", got)
	}
	if got := step(ofStep); !strings.Contains(got, "the step has one") {
		t.Errorf("relay-step does not log in: %s", got)
	}
	refused := func(name, got, token, claim string) {
		t.Helper()
		for _, want := range []string{"log in at auth/kubernetes/login", "authentication failed; check the role", claim} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the message does not have %q:\n%s", name, want, got)
			}
		}
		if strings.Contains(got, token) {
			t.Errorf("%s: the message has the token", name)
		}
	}
	for name, test := range map[string]struct{ token, claim string }{
		"another audience":        {e.api.Token(t, "relay-sync", "relay-sync", "other"), `for the audience "other"`},
		"no audience":             {e.api.Token(t, "relay-sync", "relay-sync", ""), `for the audience "` + e.api.URL},
		"another service account": {e.api.Token(t, "relay-sync", "other", "vault"), `of "system:serviceaccount:relay-sync:other"`},
		"another namespace":       {e.api.Token(t, "prod", "relay-sync", "vault"), `of "system:serviceaccount:prod:relay-sync"`},
		"an expired token":        {e.api.Expired(t, ofSync), "and expired at "},
	} {
		refused("relay-sync: "+name, apply(test.token), test.token, test.claim)
	}
	for name, test := range map[string]struct{ token, claim string }{
		"another audience": {e.api.Token(t, "prod", "deploy", "other"), `for the audience "other"`},
		"an expired token": {e.api.Expired(t, ofStep), "and expired at "},
	} {
		refused("relay-step: "+name, step(test.token), test.token, test.claim)
	}

	token := e.api.Token(t, "relay-sync", "deleted", "vault")
	e.api.Kubectl(t, "delete", "serviceaccount", "deleted", "--namespace", "relay-sync")
	var got string
	if !await.Until(time.Minute, func() bool { // the API server remembers a token for ten seconds
		got = apply(token)
		return strings.Contains(got, "authentication failed")
	}) {
		t.Errorf("a deleted service account logs in: %s", got)
	}
	refused("relay-sync: a deleted service account", got, token, "system:serviceaccount:relay-sync:deleted")

	const unreviewed = "Vault answers the same if it cannot ask Kubernetes about the token: see Vault's log"
	e.api.Kill(t)
	refused("relay-sync: without the API server", apply(ofSync), ofSync, unreviewed)
	e.api.Launch(t)
	if got := apply(ofSync); !strings.Contains(got, "1 unchanged") {
		t.Errorf("relay-sync does not log in after a restart of the API server: %s", got)
	}
	e.api.Kubectl(t, "delete", "clusterrolebinding", "reviewer")
	refused("relay-sync: Vault may not review tokens", apply(ofSync), ofSync, unreviewed)
}

// withRoles is an example with service accounts, and with the roles of relay-sync and of a step.
func withRoles(t *testing.T) *example {
	t.Helper()
	e := newExample(t)
	e.apply("kubernetes")
	e.run(`vault policy write deploy-production-reader - <<'END'
path "customers/data/workflows/deploy-production/*" { capabilities = ["read"] }
END`)
	e.api.Namespace(t, "prod")
	for namespace, accounts := range map[string][]string{"relay-sync": {"other", "deleted"}, "prod": {"deploy", "relay-sync"}} {
		for _, account := range accounts {
			e.api.Kubectl(t, "create", "serviceaccount", account, "--namespace", namespace)
		}
	}
	e.run("vault write auth/kubernetes/role/relay-sync audience=vault bound_service_account_names=relay-sync,deleted " +
		"bound_service_account_namespaces=relay-sync token_policies=relay-sync token_ttl=1h")
	e.write("relay-sync.yaml", fmt.Sprintf(configurationOfLogin, e.vault.Address))
	return e
}

// withToken runs a program with a token in the file token, and returns all that it prints.
func (e *example) withToken(token, program string, args ...string) string {
	e.t.Helper()
	e.write("token", token+"\n")
	command := exec.CommandContext(e.t.Context(), program, args...)
	command.Dir = e.dir
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + e.dir, "VAULT_ADDR=" + e.vault.Address}
	out, _ := command.CombinedOutput() // a login that fails is an error, which the output shows
	return string(out)
}
