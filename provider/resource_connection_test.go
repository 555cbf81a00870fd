// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// connectionFixture is a fixture whose token can write connections, and Relay's reader.
type connectionFixture struct {
	*fixture
	domain string
	relay  *relaytest.Reader
}

func newConnectionFixture(t *testing.T, cli terraformtest.CLI) *connectionFixture {
	t.Helper()
	s := &connectionFixture{fixture: newFixture(t, cli), domain: vaulttest.Workflow(t)}
	within := func(rules string) string { return strings.ReplaceAll(rules, "DOMAIN", s.domain) }
	s.Setenv("VAULT_TOKEN", s.vault.Token(t, within(`
path "customers/data/connections/DOMAIN/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/connections/DOMAIN/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/connections/DOMAIN/+/"  { capabilities = ["list"] }
path "customers/delete/connections/DOMAIN/+/+"   { capabilities = ["update"] }
path "customers/destroy/connections/DOMAIN/+/+"  { capabilities = ["update"] }`)))
	s.relay = relaytest.Start(t, s.vault, s.vault.Token(t, within(`
path "customers/data/connections/DOMAIN/*"     { capabilities = ["read"] }
path "customers/metadata/connections/DOMAIN/*" { capabilities = ["list"] }`)))
	return s
}

// connect configures one connection of an owner.
func (s *connectionFixture) connect(t *testing.T, owner, kind string, fields map[string]string, lines ...string) {
	t.Helper()
	var list strings.Builder
	for name, value := range fields {
		fmt.Fprintf(&list, "    %s = %q\n", name, value)
	}
	s.Write(t, strings.Replace(header, `owner  = "shop"`, fmt.Sprintf("owner  = %q\n  domain = %q", owner, s.domain), 1)+
		fmt.Sprintf("\nresource \"relay_connection\" \"it\" {\n  type = %q\n  name = \"production\"\n  fields_wo = {\n%s  }\n  %s\n}\n",
			kind, list.String(), strings.Join(lines, "\n  ")))
}

// finds checks what Relay's code reads.
func (s *connectionFixture) finds(t *testing.T, kind string, want map[string]string) {
	t.Helper()
	if got, _ := s.relay.Connection(s.domain, kind, "production"); !maps.Equal(got, want) {
		t.Errorf("Relay reads %q, want %q", got, want)
	}
}

const it = "relay_connection.it"

// body returns the id of the current body.
func (s *connectionFixture) body(t *testing.T, kind string) string {
	t.Helper()
	_, answer := s.vault.Call(t, s.vault.RootToken, http.MethodGet, "customers/data/connections/"+s.domain+"/"+kind+"/production", nil)
	data, _ := answer["data"].(map[string]any)
	value, _ := data["data"].(map[string]any)
	return fmt.Sprint(value["value"])
}

func TestConnectionIsCreatedRepairedUpdatedAndDeleted(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli.Raced())
		first := map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "one"}
		s.connect(t, "shop", "aws", first, `fields_wo_version = "1"`)
		s.Plan(t).Change(it).HasActions(t, "create")
		s.Apply(t)
		s.finds(t, "aws", first)
		s.NoChanges(t)

		t.Log("changed fields with the same version are not sent")
		second := map[string]string{"accessKeyID": "AKIB", "secretAccessKey": "two", "sessionToken": "t"}
		s.connect(t, "shop", "aws", second, `fields_wo_version = "1"`)
		s.NoChanges(t)

		t.Log("a changed version sends all fields")
		s.connect(t, "shop", "aws", second, `fields_wo_version = "2"`)
		s.Apply(t)
		s.finds(t, "aws", second)

		t.Log("an overwritten field is drift")
		status, _ := s.vault.Call(t, s.vault.RootToken, http.MethodPost,
			"customers/data/connections/"+s.domain+"/"+s.body(t, "aws")+"/secretAccessKey", map[string]any{"data": map[string]string{"value": "other"}})
		if status != http.StatusOK {
			t.Fatalf("overwriting a field: status %d", status)
		}
		change := s.Plan(t).Change(it)
		change.HasActions(t, "update")
		if before := fmt.Sprint(change.Change.Before["drift"]); !strings.HasPrefix(before, "field secretAccessKey overwritten: version 2 at ") {
			t.Errorf("drift in the plan is %q", before)
		}
		change.Changes(t, "drift", fmt.Sprint(change.Change.Before["drift"]), "in sync")
		s.Apply(t)
		s.finds(t, "aws", second)
		s.NoChanges(t)

		s.Destroy(t)
		if fields, found := s.relay.Connection(s.domain, "aws", "production"); found {
			t.Errorf("after destroy Relay still reads %q", fields)
		}
	})
}

func TestConnectionOfAnotherOwnerNeedsAdopt(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		other, own := map[string]string{"apiToken": "other"}, map[string]string{"apiToken": "own"}
		s.connect(t, "first", "slack", other)
		s.Apply(t)
		state := filepath.Join(s.Dir, "terraform.tfstate")
		if err := os.Rename(state, filepath.Join(t.TempDir(), "first.tfstate")); err != nil {
			t.Fatal(err)
		}
		s.connect(t, "second", "slack", own)
		s.Fails(t, []string{"apply", "-auto-approve"}, "Connection slack/production is owned by terraform/first")
		s.finds(t, "slack", other)
		s.connect(t, "second", "slack", own, "adopt = true")
		s.Apply(t)
		s.finds(t, "slack", own)

		t.Log("its owner can import it, and the first apply writes it")
		if err := os.Remove(state); err != nil {
			t.Fatal(err)
		}
		s.connect(t, "second", "slack", own)
		s.Must(t, "import", it, "slack/production")
		s.Plan(t).Change(it).HasActions(t, "update")
		s.Apply(t)
		s.finds(t, "slack", own)
		s.NoChanges(t)
	})
}

func TestPlanRefusesUnusableConnections(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		s.connect(t, "shop", "aws", map[string]string{"accessKeyId": "AKIA", "secretAccessKey": "one"})
		s.Fails(t, []string{"plan"}, "needs accessKeyID, secretAccessKey: missing accessKeyID", "uses accessKeyId")
		s.connect(t, "shop", "0b7c2d1e-35c1-4c1f-8f5f-0c1b8e1a2d3e", map[string]string{"a": "b"})
		s.Fails(t, []string{"plan"}, "is a UUID")
		s.Write(t, header+"\nresource \"relay_connection\" \"it\" {\n  type = \"slack\"\n  name = \"x\"\n  fields_wo = { apiToken = \"t\" }\n}\n")
		s.Fails(t, []string{"plan"}, "Connections require the argument `domain` in the provider block")
		s.connect(t, "shop", "slack", map[string]string{"apiToken": "base64:eA=="})
		s.Write(t, strings.Replace(string(s.file(t, filepath.Join(s.Dir, "main.tf"))), "  owner", "  encoding = \"refuse\"\n  owner", 1))
		s.Fails(t, []string{"plan"}, "Invalid fields_wo", "slack/production", "field apiToken: ", "the value needs Relay's transfer encoding")
		if n := len(s.proxy.Requests()); n != 0 {
			t.Errorf("%d requests were sent for them", n)
		}

		t.Log("an unknown type is allowed, with a warning")
		s.connect(t, "shop", "warehouse", map[string]string{"anything": "x"})
		s.Apply(t).Contains(t, `unknown connection type "warehouse"`)
	})
}

func TestConnectionFieldsAreNotInStatePlanOrOutput(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		canary := vaulttest.Canary(t)
		s.Setenv("TF_LOG", "TRACE")
		s.connect(t, "shop", "github", map[string]string{"accessToken": canary})
		s.Write(t, strings.Replace(string(s.file(t, filepath.Join(s.Dir, "main.tf"))), fmt.Sprintf("%q", canary), "var.token", 1)+
			"\nvariable \"token\" {\n  type      = string\n  ephemeral = true\n}\n")
		s.Setenv("TF_VAR_token", canary)
		outputs := map[string][]byte{"apply": []byte(s.Apply(t).Output)}
		s.proxy.Hook(func(int, *http.Request) vaulttest.Action { return vaulttest.FailWith(http.StatusBadGateway) })
		outputs["failing plan"] = []byte(s.Run(t, "plan").Output)
		s.proxy.Hook(nil)
		outputs["state"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
		vaulttest.AssertNoCanary(t, canary, outputs)
	})
}
