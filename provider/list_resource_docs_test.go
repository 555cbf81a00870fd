// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// listSchemas has the schemas of list resources, as Terraform 1.14 prints them. OpenTofu prints
// none, and "make docs" has OpenTofu's output.
const listSchemas = "../internal/tools/docs/list-resources.json"

func TestDocsHaveTheSchemasOfListResources(t *testing.T) {
	t.Parallel()
	schemas := map[string]any{}
	for name, schema := range newServer(t, nil).schemas.ListResourceSchemas {
		attributes := map[string]any{}
		for _, a := range schema.Block.Attributes {
			kind, err := a.Type.MarshalJSON() //nolint:staticcheck // the JSON of Terraform's own schemas
			if err != nil || a.DescriptionKind != tfprotov6.StringKindMarkdown {
				t.Fatalf("%s.%s: %v, %v", name, a.Name, a.DescriptionKind, err)
			}
			attributes[a.Name] = map[string]any{
				"type": json.RawMessage(kind), "description": a.Description, "description_kind": "markdown", "required": a.Required, "optional": a.Optional,
			}
		}
		if len(schema.Block.BlockTypes) > 0 {
			t.Fatalf("%s: blocks are not written", name)
		}
		schemas[name] = map[string]any{"version": 0, "block": map[string]any{
			"attributes": attributes, "description": schema.Block.Description, "description_kind": "markdown",
		}}
	}
	text, err := json.MarshalIndent(map[string]any{"provider_schemas": map[string]any{
		"registry.terraform.io/hashicorp/relay": map[string]any{"list_resource_schemas": schemas},
	}}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(listSchemas, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(listSchemas)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text)+"\n", string(have)); diff != "" {
		t.Errorf("%s differs from the code (-); run go test ./provider -run ListResources -update:\n%s", listSchemas, diff)
	}
}
