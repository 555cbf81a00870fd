// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/faulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// readers are the commands that read, each with the arguments that give ONE to a step.
var readers = map[string]func(s *stepWorld) []string{
	"exec": func(s *stepWorld) []string { return execOne(s.workflow) },
	"exec of all": func(s *stepWorld) []string {
		return []string{"exec", "--workflow", s.workflow, "--all"}
	},
	"run": func(s *stepWorld) []string { return runOne(s.t, s.workflow) },
	"run with a connection": func(s *stepWorld) []string {
		file := fileWith(s.t, "steps:\n- name: s\n  env: {ONE: \"${connections.jira.main.url}\"}\n")
		return []string{"run", "--workflow", s.workflow, "--workflow-file", file, "--step", "s", "--connections-domain", s.workflow}
	},
	"exec with a login": func(s *stepWorld) []string {
		roleID, secretID := s.vault.AppRole(s.t, s.workflow, "1h")
		s.vault.WritePolicy(s.t, s.workflow, s.rules)
		s.vault.Call(s.t, s.vault.RootToken, "POST", "auth/approle/role/"+s.workflow, map[string]any{"token_policies": s.workflow})
		return append(execOne(s.workflow), "--login", "approle", "--role-id", roleID, "--secret-id-file", fileWith(s.t, secretID))
	},
}

// stepWorld is a workflow with a secret ONE, and a connection with the same value.
type stepWorld struct {
	t                       *testing.T
	vault                   *vaulttest.Vault
	proxy                   *vaulttest.Proxy
	workflow, canary, rules string
}

func newStepWorld(t *testing.T) *stepWorld {
	t.Helper()
	v := vaulttest.Start(t)
	s := &stepWorld{t: t, vault: v, proxy: vaulttest.NewProxy(t, v.Address), workflow: vaulttest.Workflow(t), canary: vaulttest.Canary(t)}
	s.rules = strings.ReplaceAll(`
path "customers/data/workflows/WF/*"       { capabilities = ["read"] }
path "customers/metadata/workflows/WF/*"   { capabilities = ["list"] }
path "customers/data/connections/WF/*"     { capabilities = ["read"] }
path "customers/metadata/connections/WF/*" { capabilities = ["list"] }`, "WF", s.workflow)
	relaytest.WriteOld(t, v, "workflows/"+s.workflow+"/one", s.canary)
	relaytest.WriteOld(t, v, "workflows/"+s.workflow+"/two", "2")
	v.WriteRelayConnection(t, s.workflow, "jira", "main", "url", s.canary)
	return s
}

// step runs the command of a step that shows ONE.
func (s *stepWorld) step(args []string) (code int, stdout, stderr string) {
	s.t.Helper()
	command, out, errors := relayStep(s.t, []string{"VAULT_ADDR=" + s.proxy.Address, "VAULT_TOKEN=" + s.vault.Token(s.t, s.rules)},
		append(args, "--wait", "2s", "--", "show", "ONE")...)
	_ = command.Run()
	return command.ProcessState.ExitCode(), out.String(), errors.String()
}

// TestEachFaultOfAReadGivesTheValueOrAnError: whatever happens to one request, the command gets the
// right value or is not started with another one, and no message has a value.
func TestEachFaultOfAReadGivesTheValueOrAnError(t *testing.T) {
	t.Parallel()
	for name, args := range readers {
		s := newStepWorld(t)
		if code, stdout, stderr := s.step(args(s)); code != 0 || stdout != s.canary {
			t.Fatalf("%s without a fault: %d, %q\n%s", name, code, stdout, stderr)
		}
		faulttest.Each(t, name, len(s.proxy.Requests()), func(t *testing.T, f faulttest.Fault) {
			s := newStepWorld(t)
			command := args(s)
			s.proxy.Hook(f.Hook)
			code, stdout, stderr := s.step(command)
			switch {
			case code == 0 && stdout != s.canary:
				t.Errorf("success with %q\n%s", stdout, stderr)
			case code != 0 && stdout != "":
				t.Errorf("exit code %d with %q", code, stdout)
			case code != 0 && stderr == "" && !f.Lies: // a secret that Vault denies is not set, and show notices
				t.Errorf("exit code %d without a message", code)
			}
			vaulttest.AssertNoCanary(t, s.canary, map[string][]byte{"stderr": []byte(stderr)})
			s.proxy.Hook(nil)
			if code, stdout, stderr = s.step(command); code != 0 || stdout != s.canary {
				t.Errorf("afterwards: %d, %q\n%s", code, stdout, stderr)
			}
		})
	}
}
