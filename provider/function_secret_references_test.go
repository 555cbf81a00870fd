// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

const onlyRelay = "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n"

// put writes a file next to the configuration.
func put(t *testing.T, w *terraformtest.Workspace, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const flowWithReferences = `
steps:
- name: one
  spec:
    b: ${secrets.b}
    a: "x${coalesce(secrets.a, 'y')}"
    c: !Connection [aws, prod]
    d: ${secrets[parameters.p]}
  input: ["${secrets.z}"]
- name: two
  spec: {b: !Secret b, wrong: "${secret.x}"}
`

const referenceOutputs = `
output "flow" {
  value = provider::relay::secret_references(file("flow.yaml"))
}
output "empty" {
  value = provider::relay::secret_references(file("empty.yaml"))
}
`

func TestSecretReferences(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		w := cli.Workspace(t)
		put(t, w, "flow.yaml", flowWithReferences)
		put(t, w, "empty.yaml", "apiVersion: v1\n")
		w.Write(t, onlyRelay+referenceOutputs)
		w.Apply(t)
		type reference struct {
			Kind, Name, UsedBy, Field string
			Line, Column              int
			Dynamic, Optional         bool
		}
		var flow struct {
			Secrets     []string
			Connections []struct{ Type, Name string }
			Dynamic     bool
			References  []struct {
				Kind, Name        string
				UsedBy            string `json:"used_by"`
				Field             string
				Line, Column      int
				Dynamic, Optional bool
			}
			Problems, Warnings []string
		}
		output := w.Must(t, "output", "-json", "flow").Output
		if err := json.Unmarshal([]byte(output), &flow); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		if diff := cmp.Diff([]string{"a", "b"}, flow.Secrets); diff != "" {
			t.Errorf("secrets (-want +got)\n%s", diff)
		}
		if len(flow.Connections) != 1 || flow.Connections[0].Type != "aws" || flow.Connections[0].Name != "prod" {
			t.Errorf("connections are %v", flow.Connections)
		}
		if !flow.Dynamic || len(flow.Problems) != 1 || len(flow.Warnings) != 1 {
			t.Errorf("got %+v", flow)
		}
		var got []reference
		for _, r := range flow.References {
			got = append(got, reference(r))
		}
		want := []reference{
			{Kind: "secret", Name: "b", UsedBy: "step one", Field: "spec.b", Line: 5, Column: 8},
			{Kind: "secret", Name: "a", UsedBy: "step one", Field: "spec.a", Line: 6, Column: 10, Optional: true},
			{Kind: "connection", Name: "prod", UsedBy: "step one", Field: "spec.c", Line: 7, Column: 8},
			{Kind: "secret", UsedBy: "step one", Field: "spec.d", Line: 8, Column: 8, Dynamic: true},
			{Kind: "secret", Name: "b", UsedBy: "step two", Field: "spec.b", Line: 11, Column: 13},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("references (-want +got)\n%s", diff)
		}
		empty := w.Must(t, "output", "-json", "empty").Output
		if want := `{"connections":[],"dynamic":false,"problems":[],"references":[],"secrets":[],"warnings":[]}`; cmp.Diff(want, compact(t, empty)) != "" {
			t.Errorf("an empty workflow: %s", empty)
		}

		w.Write(t, onlyRelay+"output \"x\" {\n  value = provider::relay::secret_references(\"a: b\")\n}\n")
		w.Fails(t, []string{"plan"}, "not a workflow")
	})
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSecretReferencesExampleFailsOnMismatch(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Setenv("TF_VAR_registry_password", "one")
		s.Setenv("TF_VAR_signing_key", "two")
		s.Write(t, string(s.file(t, "../examples/provider/provider.tf"))+string(s.file(t, "../examples/functions/secret_references/function.tf")))
		workflow := string(s.file(t, "../examples/functions/secret_references/deploy.yaml"))
		put(t, s.Workspace, "deploy.yaml", workflow)
		s.Must(t, "plan")

		put(t, s.Workspace, "deploy.yaml", workflow+"      other: ${secrets.other}\n")
		s.Fails(t, []string{"plan"}, "deploy.yaml uses secrets that are not written: other.")

		put(t, s.Workspace, "deploy.yaml", "steps: [{name: deploy, spec: '${secret.x}'}]\n")
		s.Must(t, "plan").Contains(t, "deploy.yaml: line 1: step deploy: unknown name \"secret\"",
			"deploy.yaml does not use registry_password, signing_key.")
	})
}
