// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// login ROLE [NAME [MOUNT]] sets VAULT_TOKEN to a token with this role in $WF: of the user
// NAME of a userpass mount for $WF, or without an entity. MOUNT is added to the name of
// the mount. $ME is the owner of what the person writes,
// $PASSWORD the password. A role is "operator", or with a
// team "operator:TEAM"; "operator+" is for every workflow below the prefix $WF. Writers
// and administrators also get the connections of the domain $WF. Approvers and controllers
// get the approvals of all sources of $CONTROLLER.
func login(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t, workflow := ts.Value("t").(testing.TB), ts.Getenv("WF")
	word, team, _ := strings.Cut(args[0], ":")
	word, every := strings.CutSuffix(word, "+")
	role, err := policy.ParseRole(word)
	ts.Check(err)
	grant := policy.Grant{Role: role, Mount: "customers", Prefix: "workflows", Workflows: []string{workflow}, Team: team}
	if every {
		grant.Workflows, grant.Prefix = nil, workflow
	}
	grant.Undelete = role == policy.Operator
	if role == policy.Approver || role == policy.Controller {
		grant.Controller = ts.Getenv("CONTROLLER")
	}
	grant.Approvals = role == policy.Administrator
	if role == policy.Writer || role == policy.Administrator {
		grant.ConnectionsDomain = workflow
	}
	rules, err := policy.For(grant)
	ts.Check(err)
	name := strings.Join(append([]string{"person", workflow}, args...), "-")
	v.WritePolicy(t, name, rules)
	ts.Setenv("VAULT_ADDR", ts.Getenv("VAULT"))
	call := func(token, path string, body map[string]any) map[string]any {
		status, answer := v.Call(t, token, http.MethodPost, path, body)
		if status >= http.StatusBadRequest {
			ts.Fatalf("%s: status %d: %v", path, status, answer)
		}
		return answer
	}
	if len(args) == 1 {
		answer := call(v.RootToken, "auth/token/create", map[string]any{"policies": []string{name}})
		ts.Setenv("VAULT_TOKEN", answer["auth"].(map[string]any)["client_token"].(string))
		return
	}
	mount := strings.Join(append([]string{workflow}, args[2:]...), "-")
	v.Call(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, map[string]any{"type": "userpass"}) // may exist
	password := vaulttest.Canary(t)
	ts.Setenv("PASSWORD", password)
	call(v.RootToken, "auth/"+mount+"/users/"+args[1], map[string]any{"password": password, "token_policies": name})
	auth := call("", "auth/"+mount+"/login/"+args[1], map[string]any{"password": password})["auth"].(map[string]any)
	ts.Setenv("VAULT_TOKEN", auth["client_token"].(string))
	owner, err := secrets.PersonOwner(args[1], auth["entity_id"].(string))
	ts.Check(err)
	ts.Setenv("ME", string(owner))
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
