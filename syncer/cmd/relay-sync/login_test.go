// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net/http"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// login ROLE [NAME] sets VAULT_TOKEN to a token with this role in $WF, whose display name
// in Vault is token-NAME.
func login(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t := ts.Value("t").(testing.TB)
	role, err := policy.ParseRole(args[0])
	ts.Check(err)
	rules, err := policy.For(policy.Grant{Role: role, Mount: "customers", Prefix: "workflows", Workflows: []string{ts.Getenv("WF")}})
	ts.Check(err)
	name := "person-" + ts.Getenv("WF") + "-" + args[0]
	v.WritePolicy(t, name, rules)
	ask := map[string]any{"policies": []string{name}}
	if len(args) > 1 {
		ask["display_name"] = args[1]
	}
	status, answer := v.Call(t, v.RootToken, http.MethodPost, "auth/token/create", ask)
	if status != http.StatusOK {
		ts.Fatalf("create a token: status %d", status)
	}
	ts.Setenv("VAULT_ADDR", ts.Getenv("VAULT"))
	ts.Setenv("VAULT_TOKEN", answer["auth"].(map[string]any)["client_token"].(string))
}

// canary VARIABLE sets the variable to a unique value, for no-leak.
func canary(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], vaulttest.Canary(ts.Value("t").(testing.TB)))
}

// no-leak VARIABLE [FILE...] asserts that neither the last output nor the files contain
// the canary.
func noLeak(ts *testscript.TestScript, _ bool, args []string) {
	outputs := map[string][]byte{}
	for _, name := range append([]string{"stdout", "stderr"}, args[1:]...) {
		outputs[name] = []byte(ts.ReadFile(name))
	}
	vaulttest.AssertNoCanary(ts.Value("t").(testing.TB), ts.Getenv(args[0]), outputs)
}
