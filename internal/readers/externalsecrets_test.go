// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build readers

package readers

import (
	"encoding/json"
	"strings"
)

// externalSecrets returns a Secret of External Secrets whose rules are these.
func (w *world) externalSecrets(rules map[string]any) (map[string]string, error) {
	w.Helper()
	w.write("kubeconfig", `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"none","cluster":{"server":"http://127.0.0.1:1"}}],`+
		`"contexts":[{"name":"none","context":{"cluster":"none"}}],"current-context":"none"}`)
	rules["secretStoreRef"] = map[string]any{"kind": "SecretStore", "name": "vault"}
	metadata := func(name string) map[string]any { return map[string]any{"name": name, "namespace": "prod"} }
	var input strings.Builder
	for _, document := range []map[string]any{
		{"apiVersion": "v1", "kind": "Secret", "metadata": metadata("token"), "data": map[string]any{"token": []byte(w.token)}},
		{"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": metadata("vault"), "spec": map[string]any{
			"provider": map[string]any{"vault": map[string]any{
				"server": w.vault.Address, "path": "customers", "version": "v2",
				"auth": map[string]any{"tokenSecretRef": map[string]any{"name": "token", "key": "token"}},
			}},
		}},
		{"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata("all"), "spec": rules},
	} {
		if err := json.NewEncoder(&input).Encode(document); err != nil {
			w.Fatal(err)
		}
	}
	output, err := w.run(input.String(), "external-secrets")
	if err != nil {
		return nil, err
	}
	var result map[string]map[string][]byte
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		w.Fatal(err)
	}
	found := map[string]string{}
	for name, value := range result["all"] {
		found[name] = string(value)
	}
	return found, nil
}

func externalSecretsSingle(w *world) map[string]string {
	var data []any
	for name := range values {
		data = append(data, map[string]any{
			"secretKey": name, "remoteRef": map[string]any{"key": "workflows/" + w.workflow + "/" + name, "property": "value"},
		})
	}
	found, err := w.externalSecrets(map[string]any{"data": data})
	if err != nil {
		w.Fatal(err)
	}
	return found
}

// find are the rules of the guide for all secrets of a workflow.
func (w *world) find() map[string]any {
	return map[string]any{
		"dataFrom": []any{map[string]any{
			"find":    map[string]any{"path": "workflows/" + w.workflow, "name": map[string]any{"regexp": ".*"}},
			"rewrite": []any{map[string]any{"regexp": map[string]any{"source": ".*/", "target": ""}}},
		}},
		"target": map[string]any{"template": map[string]any{"engineVersion": "v2", "templateFrom": []any{map[string]any{
			"target": "Data", "literal": "{{ range $name, $entry := . }}{{ $name | toJson }}: {{ ($entry | fromJson).value | toJson }}\n{{ end }}",
		}}}},
	}
}

func externalSecretsFind(w *world) map[string]string {
	found, err := w.externalSecrets(w.find())
	if err != nil {
		w.Fatal(err)
	}
	return found
}
