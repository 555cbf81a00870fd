// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// document returns a policy document with these lines, and an output of its policy.
func document(name string, lines ...string) string {
	return fmt.Sprintf("\ndata \"relay_vault_policy_document\" %q {\n  %s\n}\noutput %q {\n  value = data.relay_vault_policy_document.%s.policy\n}\n",
		name, strings.Join(lines, "\n  "), name, name)
}

func TestPolicyDocumentAllowsAndDenies(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		one := fmt.Sprintf("workflows = [%q]", s.workflow)
		s.configure(t, document("writer", `role = "writer"`, one), document("purger", `role = "writer"`, one, "destroy = true"),
			document("reader", `role = "reader"`, one), document("everywhere", `role = "writer"`))
		s.Apply(t)
		if n := len(s.proxy.Requests()); n != 0 {
			t.Errorf("%d requests were sent for policies", n)
		}
		token := func(name string) string { return s.vault.Token(t, s.Must(t, "output", "-raw", name).Output) }
		writer, purger, reader, everywhere := token("writer"), token("purger"), token("reader"), token("everywhere")

		t.Log("the writer's policy is sufficient for a resource in its workflow")
		blocks := []string{s.secret("token", `"one"`)}
		s.Setenv("VAULT_TOKEN", writer)
		s.configure(t, blocks...)
		s.Apply(t)
		if _, ok := s.vault.ReadAs(t, writer, s.workflow, "token"); ok {
			t.Error("the writer's policy reads a value")
		}
		if got, ok := s.vault.ReadAs(t, reader, s.workflow, "token"); !ok || got != "one" {
			t.Errorf("the reader's policy reads %q, %t", got, ok)
		}
		status, _ := s.vault.Call(t, reader, http.MethodPost, "customers/data/workflows/"+s.workflow+"/token", map[string]any{"data": map[string]any{"value": "x"}})
		if status != http.StatusForbidden {
			t.Errorf("the reader's policy writes: status %d", status)
		}
		other := strings.Replace(s.secret("elsewhere", `"one"`), s.workflow, s.workflow+"-b", 1)
		s.configure(t, append(blocks, other)...)
		s.Fails(t, []string{"apply", "-auto-approve"}, "missing capability in the Vault policy")

		t.Log("the policy for all workflows is sufficient, too")
		s.Setenv("VAULT_TOKEN", everywhere)
		s.Apply(t)

		t.Log("a purge needs destroy = true")
		s.configure(t, s.secret("token", `"one"`, `deletion = "purge"`))
		s.Apply(t)
		s.Setenv("VAULT_TOKEN", writer)
		s.configure(t)
		s.Fails(t, []string{"apply", "-auto-approve"}, "/destroy/")
		s.Setenv("VAULT_TOKEN", purger)
		s.Apply(t)
		if len(s.proxy.Requests()) == 0 {
			t.Error("no request passed the proxy")
		}
	})
}

func TestPolicyDocumentUsesMountAndPrefixOfProvider(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		elsewhere := strings.Replace(header, `owner `, "mount = \"team/kv\"\n  prefix = \"/flows/\"\n  owner ", 1)
		s.Write(t, elsewhere+document("default", `role = "writer"`)+document("team", `role = "operator"`, `team = "shop"`, "undelete = true")+document("own", `role = "writer"`, `mount = "/other"`, `prefix = "a/b/"`, "undelete = true", "settings = true")+
			document("people", `role = "approver"`, `workflow_prefixes = ["deploy-"]`, `connections_domain = "relay"`, `secrets_by = "administrator"`, `controller = "cluster-1"`, `sources = ["shop"]`)+
			document("controller", `role = "controller"`, `controller = "cluster-1"`)+document("approvals", `role = "administrator"`, "approvals = true")+
			document("tenant", `role = "reader"`, `identity = { accessor = "auth_jwt_1a2b", workflow = "tenant_id", domain = "domain_id" }`))
		s.Apply(t)
		for name, g := range map[string]policy.Grant{
			"default": {Role: policy.Writer, Mount: "team/kv", Prefix: "flows"},
			"team":    {Role: policy.Operator, Mount: "team/kv", Prefix: "flows", Team: "shop", Undelete: true},
			"own":     {Role: policy.Writer, Mount: "other", Prefix: "a/b", Undelete: true, Settings: true},
			"people": {Role: policy.Approver, Mount: "team/kv", Prefix: "flows", WorkflowPrefixes: []string{"deploy-"},
				ConnectionsDomain: "relay", SecretsBy: policy.Administrator, Controller: "cluster-1", Sources: []string{"shop"}},
			"controller": {Role: policy.Controller, Mount: "team/kv", Prefix: "flows", Controller: "cluster-1"},
			"approvals":  {Role: policy.Administrator, Mount: "team/kv", Prefix: "flows", Approvals: true},
			"tenant": {Role: policy.Reader, Mount: "team/kv", Prefix: "flows",
				Identity: policy.Identity{Accessor: "auth_jwt_1a2b", Workflow: "tenant_id", Domain: "domain_id"}},
		} {
			want, err := policy.For(g)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Attributes(t, "data.relay_vault_policy_document."+name)
			if got["policy"] != want || got["mount"] != g.Mount || got["prefix"] != g.Prefix {
				t.Errorf("%s: got %v, want\n%s", name, got, want)
			}
		}
	})
}

func TestPolicyDocumentSendsNoRequests(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		// Attributes of a new resource are known only during the apply.
		unknown := "\nresource \"terraform_data\" \"later\" {\n  input = \"customers\"\n}\n"
		later := strings.Replace(header, `owner `, "address = terraform_data.later.output\n  token = terraform_data.later.output\n  owner ", 1)
		s.Write(t, unknown+later+document("writer", `role = "writer"`))
		s.Must(t, "plan")

		laterMount := strings.Replace(header, `owner `, "mount = terraform_data.later.output\n  owner ", 1)
		s.Write(t, unknown+laterMount+document("writer", `role = "writer"`))
		s.Fails(t, []string{"plan"}, "The provider's mount is known only during the apply. Set mount here too.")
		s.Write(t, unknown+laterMount+document("writer", `role = "writer"`, `mount = "customers"`))
		s.Apply(t)
		if n := len(s.proxy.Requests()); n != 0 {
			t.Errorf("%d requests were sent to Vault", n)
		}
	})
}

func TestPolicyDocumentNeedsNoProviderBlock(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Setenv("VAULT_ADDR", "")
		s.Setenv("VAULT_TOKEN", "")
		head, block, _ := strings.Cut(header, "provider ")
		empty := head + "provider \"relay\" {}\n"
		for name, configuration := range map[string]string{"none": head, "empty": empty} {
			s.Write(t, configuration+document("writer", `role = "writer"`))
			if got := s.Apply(t); !strings.Contains(got.Output, "customers/data/workflows/+/+") {
				t.Errorf("provider block %s: it shows no policy:\n%s", name, got.Output)
			}
		}

		t.Log("the plan reports all missing settings, once")
		missing := []string{"`owner` is required", "`address` is required", "`token` is required"}
		s.Write(t, empty+s.secret("one", `"1"`)+s.secret("two", `"2"`)+document("writer", `role = "writer"`))
		result := s.Fails(t, []string{"plan"}, missing...)
		if n := strings.Count(result.Output, "Invalid provider configuration"); n != 1 {
			t.Errorf("reported %d times:\n%s", n, result.Output)
		}
		audit := fmt.Sprintf("\ndata \"relay_workflow_secrets\" \"audit\" {\n  workflow = %q\n}\n", s.workflow)
		s.Write(t, empty+audit)
		s.Fails(t, []string{"plan"}, missing...)

		t.Log("a saved plan reports every secret that it cannot write")
		complete := func() {
			t.Helper()
			s.Setenv("VAULT_ADDR", s.proxy.Address)
			s.Setenv("VAULT_TOKEN", s.token)
		}
		complete()
		s.configure(t, s.secret("one", `"1"`), s.secret("two", `"2"`))
		s.Plan(t)
		s.Setenv("VAULT_TOKEN", "")
		if result := s.ApplyPlan(t); strings.Count(result.Output, "`token` is required") != 2 {
			t.Errorf("exit %d:\n%s", result.Code, result.Output)
		}

		t.Log("a destroy fails, too, and keeps the state")
		complete()
		s.Apply(t)
		s.Setenv("VAULT_TOKEN", "")
		for _, args := range [][]string{{"destroy", "-auto-approve"}, {"destroy", "-auto-approve", "-refresh=false"}} {
			s.Fails(t, args, "`token` is required")
		}
		complete()
		s.NoChanges(t)

		t.Log("problems of the block itself are reported without resources")
		s.Write(t, head+"provider "+strings.Replace(block, `"shop"`, `"a/b"`, 1)+document("writer", `role = "writer"`))
		s.Fails(t, []string{"validate"}, "`owner`: owner id \"a/b\"")
	})
}

func TestPolicyDocumentRefusesSpecialCharacters(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		for _, c := range []struct {
			lines []string
			want  []string
		}{
			{[]string{`role = "admin"`}, []string{`Role "admin": expected one of viewer, operator, approver, administrator, writer, controller, reader`}},
			{[]string{`role = "reader"`}, []string{"A reader's policy needs the names of its workflows"}},
			{[]string{`role = "writer"`, `workflows = []`}, []string{"The list of workflows is empty"}},
			{[]string{`role = "reader"`, `workflows = ["+", "deploy*"]`, "destroy = true"}, []string{`'+' (U+002B)`, `'*' (U+002A)`, "a reader writes nothing"}},
			{[]string{`role = "operator"`, `secrets_by = "everybody"`}, []string{`Role "everybody": expected one of`}},
			{[]string{`role = "operator"`, `workflow_prefixes = ["deploy-*"]`, `connections_domain = "+"`}, []string{`'*' (U+002A)`, `'+' (U+002B)`}},
			{[]string{`role = "reader"`, `identity = { accessor = "a}}", workflow = "k" }`, `workflows = ["w"]`}, []string{"accessor of the auth mount", "identity names them too"}},
			{[]string{`role = "approver"`}, []string{"The controller is required for this role"}},
			{[]string{`role = "controller"`, `controller = "teams"`, `sources = [".."]`}, []string{"it is the folder of teams in Vault", `source name ".."`}},
			{[]string{`role = "operator"`, `controller = "cluster-1"`, "approvals = true"}, []string{"are for an approver or a controller", "approvals is for an administrator"}},
			{[]string{`role = "writer"`, `prefix = "relay-sync/cluster-1"`}, []string{`"relay-sync" is reserved`}},
			{[]string{`role = "writer"`, `mount = "+"`, `prefix = "a/*"`}, []string{`ount "+"`, `prefix "a/*"`}},
		} {
			s.configure(t, document("wrong", c.lines...))
			s.Fails(t, []string{"validate"}, c.want...)
		}

		t.Log("the set can be known only during the plan")
		s.configure(t, "\nresource \"terraform_data\" \"names\" {\n  input = toset([\"+\"])\n}\n",
			document("wrong", `role = "reader"`, "workflows = terraform_data.names.output"))
		s.Must(t, "validate")
		s.Fails(t, []string{"apply", "-auto-approve"}, `'+' (U+002B)`)
	})
}

func TestPolicyDocumentExample(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Write(t, readExample(t, "relay_vault_policy_document"))
		s.Apply(t)
		s.NoChanges(t)
		var policies map[string]struct{ Value map[string]string }
		if err := json.Unmarshal([]byte(s.Must(t, "output", "-json").Output), &policies); err != nil {
			t.Fatal(err)
		}
		all := policies["policies"].Value
		if len(all) != 3 {
			t.Fatalf("the example has %d policies", len(all))
		}
		write := func(role, path string) int {
			t.Helper()
			status, _ := s.vault.Call(t, s.vault.Token(t, all[role]), http.MethodPost, "customers/data/"+path,
				map[string]any{"data": map[string]any{"value": "x"}, "options": map[string]any{"cas": 99}})
			return status
		}
		const secret, connection = "workflows/deploy-production/token", "connections/shop/aws/production"
		// An allowed write fails the check-and-set, because there is no such version.
		for role, want := range map[string][2]int{
			"shop-writer":       {http.StatusBadRequest, http.StatusBadRequest},
			"deploy-operators":  {http.StatusBadRequest, http.StatusForbidden},
			"deploy-production": {http.StatusForbidden, http.StatusForbidden},
		} {
			if got := [2]int{write(role, secret), write(role, connection)}; got != want {
				t.Errorf("%s writes a secret and a connection with status %v, want %v", role, got, want)
			}
		}
	})
}

// readExample returns the example of a data source and that of the provider.
func readExample(t *testing.T, name string) string {
	t.Helper()
	var all string
	for _, file := range []string{"../examples/provider/provider.tf", "../examples/data-sources/" + name + "/data-source.tf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	return all
}
