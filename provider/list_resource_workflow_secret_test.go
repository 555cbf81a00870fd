// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// server calls a provider with the plugin protocol in this process, because the
// installed CLIs have no "query".
type server struct {
	protocol
	schemas *tfprotov6.GetProviderSchemaResponse
}

func newServer(t *testing.T, variables map[string]string) *server {
	t.Helper()
	p := &relayProvider{version: "test", env: environmentOf(variables)}
	served := p.protocolServer().(protocol)
	schemas, err := served.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	noErrors(t, schemas.Diagnostics)
	s := &server{served, schemas}
	configured, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.14.0", Config: object(t, schemas.Provider, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	noErrors(t, configured.Diagnostics)
	return s
}

func noErrors(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Fatalf("%s: %s", d.Summary, d.Detail)
		}
	}
}

// object returns a block with these strings only.
func object(t *testing.T, schema *tfprotov6.Schema, texts map[string]string) *tfprotov6.DynamicValue {
	t.Helper()
	kind := schema.ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
		if text, ok := texts[name]; ok {
			values[name] = tftypes.NewValue(attribute, text)
		}
	}
	value, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	if err != nil {
		t.Fatal(err)
	}
	return &value
}

// texts returns the string attributes of a block.
func texts(t *testing.T, kind tftypes.Type, value *tfprotov6.DynamicValue) map[string]string {
	t.Helper()
	object, err := value.Unmarshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, attribute := range attributes {
		var text string
		if attribute.IsKnown() && !attribute.IsNull() && attribute.Type().Is(tftypes.String) && attribute.As(&text) == nil {
			out[name] = text
		}
	}
	return out
}

func (s *server) list(t *testing.T, workflow string, include bool, limit int64) []tfprotov6.ListResourceResult {
	t.Helper()
	const name = "relay_workflow_secret"
	stream, err := s.ListResource(context.Background(), &tfprotov6.ListResourceRequest{
		TypeName: name, Config: object(t, s.schemas.ListResourceSchemas[name], map[string]string{"workflow": workflow}),
		IncludeResource: include, Limit: limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

func TestListResourceNamesWhatCannotBeImported(t *testing.T) {
	t.Parallel()
	vault := vaulttest.Start(t)
	workflow := vaulttest.Workflow(t)
	for _, name := range []string{"good", "slack:webhook", ".hidden", "folder/below"} {
		vault.Write(t, workflow, name, "x")
	}
	s := newServer(t, map[string]string{"VAULT_ADDR": vault.Address, "VAULT_TOKEN": vault.Writer(t), "RELAY_OWNER": "shop"})
	results := s.list(t, workflow, false, 1)
	if len(results) != 2 || len(results[0].Diagnostics) != 1 || results[1].DisplayName != workflow+"/good" {
		t.Fatalf("results %v, want a warning and one secret", results)
	}
	warning := results[0].Diagnostics[0]
	for _, want := range []string{"3 names cannot be managed", `".hidden": `, `"folder/": it is a folder`, "vault kv metadata delete -mount=customers 'workflows/" + workflow + "/slack:webhook'"} {
		if warning.Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(warning.Detail, want) {
			t.Errorf("warning %v, want %q", warning, want)
		}
	}
}

func TestListResourceListsLiveSecrets(t *testing.T) {
	t.Parallel()
	vault := vaulttest.Start(t)
	proxy, workflow := vaulttest.NewProxy(t, vault.Address), vaulttest.Workflow(t)
	for _, name := range []string{"a", "b", "c", "dead"} {
		vault.Write(t, workflow, name, "x")
	}
	vault.SoftDelete(t, workflow, "dead")
	s := newServer(t, map[string]string{"VAULT_ADDR": proxy.Address, "VAULT_TOKEN": vault.Writer(t), "RELAY_OWNER": "shop"})
	identities, err := s.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	identity := identities.IdentitySchemas["relay_workflow_secret"].ValueType()

	results := s.list(t, workflow, true, 100)
	if len(results) != 3 {
		t.Fatalf("%d results, want the three that are alive", len(results))
	}
	for i, name := range []string{"a", "b", "c"} {
		noErrors(t, results[i].Diagnostics)
		if results[i].DisplayName != workflow+"/"+name {
			t.Errorf("the display name is %q", results[i].DisplayName)
		}
		got := texts(t, identity, results[i].Identity.IdentityData)
		if got["mount"] != "customers" || got["prefix"] != "workflows" || got["workflow"] != workflow || got["name"] != name {
			t.Errorf("the identity is %v", got)
		}
		found := texts(t, s.schemas.ResourceSchemas["relay_workflow_secret"].ValueType(), results[i].Resource)
		if found["name"] != name || found["value_wo"] != "" || found["path"] != "customers/data/workflows/"+workflow+"/"+name {
			t.Errorf("the resource is %v", found)
		}
	}
	if limited := s.list(t, workflow, false, 2); len(limited) != 2 || limited[0].Resource != nil {
		t.Errorf("limited to two, without the resources: %v", limited)
	}
	if none := s.list(t, workflow+"x", false, 100); len(none) != 0 {
		t.Errorf("a workflow without secrets has %v", none)
	}
	proxy.AssertBlind(t)

	blind := newServer(t, map[string]string{"VAULT_ADDR": proxy.Address, "VAULT_TOKEN": vault.Token(t, `path "sys/health" { capabilities = ["read"] }`), "RELAY_OWNER": "shop"})
	failed := blind.list(t, workflow, false, 100)
	if len(failed) != 1 || len(failed[0].Diagnostics) != 1 || failed[0].Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("without a capability: %v", failed)
	}
}
