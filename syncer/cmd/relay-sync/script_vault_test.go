// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// domain sets $DOMAIN to a domain of connections: the configuration names it, and the token
// may write its connections.
func domain(ts *testscript.TestScript, v *vaulttest.Vault) {
	t, workflow := ts.Value("t").(testing.TB), ts.Getenv("WF")
	name := strings.ToLower(workflow)
	rules, err := policy.For(policy.Grant{
		Role: policy.Writer, Mount: "customers", Prefix: "workflows", Workflows: []string{workflow, workflow + "-b"}, ConnectionsDomain: name,
	})
	ts.Check(err)
	config := strings.Replace(ts.ReadFile("relay-sync.yaml"), "vault: {", "vault: {domain: "+name+", ", 1)
	ts.Check(os.WriteFile(ts.MkAbs("relay-sync.yaml"), []byte(config+"    connections: [aws/production, gcp/production, aws/staging]\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(v.Token(t, rules)), 0o600))
	ts.Setenv("DOMAIN", name)
}

// approle creates an AppRole with the writer's policy, $ROLE_ID and the file secret-id.
func approle(ts *testscript.TestScript, v *vaulttest.Vault) {
	t, role := ts.Value("t").(testing.TB), "auth/approle/role/"+ts.Getenv("WF")
	v.Call(t, v.RootToken, "POST", role, map[string]any{"token_policies": "writer"})
	_, id := v.Call(t, v.RootToken, "GET", role+"/role-id", nil)
	_, secret := v.Call(t, v.RootToken, "POST", role+"/secret-id", map[string]any{})
	ts.Setenv("ROLE_ID", id["data"].(map[string]any)["role_id"].(string))
	ts.Check(os.WriteFile(ts.MkAbs("secret-id"), []byte(secret["data"].(map[string]any)["secret_id"].(string)), 0o600))
}

// login-count N revoked M asserts the number of logins and revocations so far.
func loginCount(ts *testscript.TestScript, _ bool, args []string) {
	var in, out int
	for _, r := range ts.Value("proxy").(*vaulttest.Proxy).Requests() {
		switch {
		case strings.HasSuffix(r.Path, "/login"):
			in++
		case strings.HasSuffix(r.Path, "/revoke-self"):
			out++
		}
	}
	if got := fmt.Sprintf("%d revoked %d", in, out); got != strings.Join(args, " ") {
		ts.Fatalf("%s, want %s", got, strings.Join(args, " "))
	}
}

// controllerRules are a policy for the controller of the configuration, and no more.
func controllerRules(ts *testscript.TestScript) string {
	rules, err := policy.For(policy.Grant{
		Role: policy.Controller, Mount: "customers", Prefix: "workflows", Controller: ts.Getenv("CONTROLLER"),
		Workflows: []string{ts.Getenv("WF"), ts.Getenv("WF") + "-b"},
	})
	ts.Check(err)
	return rules
}

// token writes another token to the file token: "root", "narrow" with the policy of the
// controller, one with that and "rule PATH CAPABILITY", or one of the policy writer
// "without OPERATION CAPABILITY".
func token(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t, made := ts.Value("t").(testing.TB), v.RootToken
	switch {
	case len(args) == 3 && args[0] == "without":
		made = v.WriterWithout(t, args[1], args[2])
	case len(args) == 3 && args[0] == "rule":
		made = v.Token(t, controllerRules(ts), fmt.Sprintf("path %q { capabilities = [%q] }", args[1], args[2]))
	case len(args) == 1 && args[0] == "narrow":
		made = v.Token(t, controllerRules(ts))
	case len(args) != 1 || args[0] != "root":
		ts.Fatalf("usage: token root|narrow|rule PATH CAPABILITY|without OPERATION CAPABILITY")
	}
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(made), 0o600))
}
