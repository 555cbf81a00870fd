// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/puppetlabs/leg/encoding/transfer"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// chosen are values that readers often change.
func chosen() map[string]string {
	return map[string]string{
		"plain": "registry-wolf-otter-29", "empty": "", "newline": "line\n", "multi_line": "a\r\nb\n\nc", "unicode": "héllo 日本語 🦊",
		"bom": "\ufeffvalue", "json": `{"a":"<&>","b":[1]}`, "certificate": certificate, "prefixed": "base64:aGVsbG8=",
		"invalid": "a\xff\xfeb", "long": strings.Repeat("0123456789", 10_000), "nul": "a\x00b", "huge": strings.Repeat("x", 200<<10),
		"template": "${secrets.plain}", "jsonpath": "{.plain}",
	}
}

// writeChosen writes the chosen values with this product's client.
func writeChosen(t *testing.T, v *vaulttest.Vault, workflow string) map[string]string {
	t.Helper()
	writer, err := vaultclient.Connect(vaultclient.Settings{Address: v.Address, Token: v.Writer(t)}, secrets.Config{Owner: "terraform/step"})
	if err != nil {
		t.Fatal(err)
	}
	values := chosen()
	for name, plain := range values {
		a := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: workflow}.Secret(name)
		if _, err := writer.Put(t.Context(), secrets.Write{Address: a, Value: secrets.NewValue(plain)}); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// answered runs metadata as a step of a workflow file, and returns the JSON of the answer.
func answered(t *testing.T, environment []string, file, path string, flags ...string) json.RawMessage {
	t.Helper()
	args := append([]string{"run", "--workflow-file", "w.yaml", "--step", "s"}, flags...)
	command, stdout, stderr := relayStep(t, environment, append(args, "--", "metadata", path)...)
	if err := os.WriteFile(filepath.Join(command.Dir, "w.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	err := command.Run()
	body, is := strings.CutPrefix(stdout.String(), "200 ")
	if err != nil || !is || stderr.Len() > 0 {
		t.Fatalf("%s: %v, %.300s, %s", path, err, stdout, stderr)
	}
	return json.RawMessage(body)
}

// The metadata API gives what Vault has, and what Relay's own evaluator gives for the file.
func TestMetadataAPIGivesValuesByteForByte(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	values := writeChosen(t, v, workflow)
	names := slices.Sorted(maps.Keys(values))
	file := "steps:\n- name: s\n  spec:\n"
	for _, name := range names {
		file += "    " + name + ": ${secrets." + name + "}\n"
	}
	token := v.Reader(t, workflow)
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + token}
	var spec struct {
		Value    transfer.JSONInterface
		Complete bool
	}
	if err := json.Unmarshal(answered(t, environment, file, "/spec", "--workflow", workflow), &spec); err != nil || !spec.Complete {
		t.Fatalf("complete %v, %v", spec.Complete, err)
	}
	got := map[string]string{}
	for name, value := range spec.Value.Data.(map[string]any) {
		got[name], _ = value.(string)
	}
	if diff := cmp.Diff(values, got); diff != "" {
		t.Errorf("/spec (-written +got):\n%.1000s", diff)
	}
	received, refused := relaytest.Start(t, v, token).Steps(workflow, file)
	if refused != "" || len(received) != 1 {
		t.Fatalf("Relay: %s", refused)
	}
	for name, value := range received[0].Values {
		if want := got[strings.TrimPrefix(name, "spec.")]; value != want {
			t.Errorf("%s: Relay gives %.60q, relay-step %.60q", name, value, want)
		}
	}
	for _, name := range names {
		var secret struct {
			Key   string
			Value transfer.JSONOrStr
		}
		if err := json.Unmarshal(answered(t, environment, file, "/secrets/"+name, "--workflow", workflow), &secret); err != nil {
			t.Fatal(err)
		}
		plain, err := secret.Value.Decode()
		if err != nil || string(plain) != values[name] || secret.Key != name {
			t.Errorf("/secrets/%s: %.60q, %v", name, plain, err)
		}
	}
}

func TestMetadataAPIGivesTheConnectionsOfTheDomain(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.OldData(t, v, domain, domain)
	token := v.Token(t, strings.ReplaceAll(`
path "customers/data/workflows/D/*"       { capabilities = ["read"] }
path "customers/metadata/workflows/D/*"   { capabilities = ["list"] }
path "customers/data/connections/D/*"     { capabilities = ["read"] }
path "customers/metadata/connections/D/*" { capabilities = ["list"] }`, "D", domain))
	proxy := vaulttest.NewProxy(t, v.Address)
	environment := []string{"VAULT_ADDR=" + proxy.Address, "VAULT_TOKEN=" + token}
	aws := map[string]any{"accessKeyID": "AKIAOLD", "secretAccessKey": "old-secret-key"}
	cluster := map[string]any{"server": "https://kubernetes.default.svc", "certificateAuthority": "old-authority", "token": "old-cluster-token"}
	for expression, want := range map[string]any{
		"${connections.aws.production}":                aws,
		"!Connection [aws, production]":                aws,
		"${connections.aws['production'].accessKeyID}": "AKIAOLD",
		"${connections.kubernetes}":                    map[string]any{"relay-dev-cluster": cluster},
		"${connections}":                               map[string]any{"aws": map[string]any{"production": aws}, "kubernetes": map[string]any{"relay-dev-cluster": cluster}},
		"${secrets}":                                   map[string]any{"registry_password": "old-registry", "api_token": "old-token", "slack:webhook": "old-webhook"},
	} {
		file := "steps:\n- name: s\n  spec:\n    x: " + expression + "\n"
		var spec struct{ Value struct{ X any } }
		if err := json.Unmarshal(answered(t, environment, file, "/spec", "--workflow", domain, "--connections-domain", domain), &spec); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, spec.Value.X); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expression, diff)
		}
	}
	for _, r := range proxy.Requests() {
		if !readsOnly(r) || strings.Contains(r.Path, "old-") { // Relay reads a body of its development mode as pointers
			t.Errorf("relay-step sent %s %s", r.Method, r.Path)
		}
	}
}

// A name, an index and an argument of a function can be made of a value; no error shows it.
func TestErrorsOfARunHaveNoValue(t *testing.T) {
	t.Parallel()
	v, workflow, canary := vaulttest.Start(t), vaulttest.Workflow(t), vaulttest.Canary(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	environment := []string{"VAULT_ADDR=" + proxy.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	for name, value := range map[string]string{"name": canary, "invalid": canary + "//x", "unprintable": canary + "\nx", "other": "../" + canary} {
		relaytest.WriteOld(t, v, "workflows/"+workflow+"/"+name, value)
	}
	for _, expression := range []string{
		"${secrets[secrets.name]}", "${secrets[secrets.invalid]}", "${secrets[secrets.unprintable]}", "${secrets[secrets.other]}",
		"${connections[secrets.name].x}", "${connections[secrets.name]}", "${connections.aws[secrets.invalid]}", "${parameters[secrets.name]}", "${outputs[secrets.name].x}",
		"${jsonUnmarshal(secrets.name)}", "${secrets.name + 1}", "${secrets.name.field}", "${path(secrets.name, 'a')}", "${-secrets.name}",
	} {
		for _, flags := range [][]string{nil, {"--partial", "--connections-domain", workflow}} {
			file := fileWith(t, "steps:\n- name: s\n  spec: {x: \""+expression+"\"}\n  when: [\""+expression+"\"]\n  env: {A: \""+expression+"\"}\n")
			args := append([]string{"run", "--workflow", workflow, "--workflow-file", file, "--step", "s"}, flags...)
			command, stdout, stderr := relayStep(t, environment, append(args, "--", "metadata", "/spec?q=x")...)
			if err := command.Run(); err == nil && flags == nil {
				t.Errorf("%s: no error", expression)
			}
			vaulttest.AssertNoCanary(t, canary, map[string][]byte{expression + " stdout": stdout.Bytes(), expression + " stderr": stderr.Bytes()})
		}
	}
	for _, r := range proxy.Requests() { // Vault's audit log has paths in clear
		vaulttest.AssertNoCanary(t, canary, map[string][]byte{"a path": []byte(r.Path)})
	}
}

// The token is in METADATA_API_URL alone.
func TestMetadataAPIRequiresItsToken(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/one", "x")
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	const script = `address=${METADATA_API_URL#*@}; TOKEN=${METADATA_API_URL#*:*:}; TOKEN=${TOKEN%@*}
for path in /spec /secrets/one /environment /environment/ONE /conditions /outputs/s/a /state/a; do
	for credentials in "" :wrong@ other:$TOKEN@ $TOKEN:@; do
		METADATA_API_URL=http://$credentials$address metadata $path
	done
done
METADATA_API_URL=http://token:$TOKEN@$address metadata /environment/ONE`
	command, stdout, stderr := relayStep(t, environment, append(runOne(t, workflow), "--", "sh", "-euc", script)...)
	want := strings.Repeat("401 401 unauthorized\n", 7*4) + `200 {"Value":"x","value":"x"}` + "\n"
	if err := command.Run(); err != nil || stdout.String() != want {
		t.Errorf("%v, %s, %s", err, stdout, stderr)
	}
}

// A file of 1 MiB can name a secret of 200 KiB often enough to fill the memory.
func TestRunLimitsTheSizeOfAStepWithItsValues(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/one", strings.Repeat("x", 200<<10))
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	for name, spec := range map[string]string{
		"one text":   "x: \"" + strings.Repeat("${secrets.one}", 400) + "\"",
		"many texts": "x: [" + strings.TrimSuffix(strings.Repeat("\"${secrets.one}\", ", 400), ", ") + "]",
		"aliases":    "a: &a [" + strings.TrimSuffix(strings.Repeat("!Secret one, ", 20), ", ") + "]\n    b: [" + strings.TrimSuffix(strings.Repeat("*a, ", 20), ", ") + "]",
	} {
		file := fileWith(t, "steps:\n- name: s\n  spec:\n    "+spec+"\n")
		command, stdout, stderr := relayStep(t, environment, "run", "--workflow", workflow, "--workflow-file", file, "--step", "s", "--partial", "--", "show")
		if err := command.Run(); err == nil || stdout.Len() > 0 || !strings.Contains(stderr.String(), ": larger than 16 MiB with its values") {
			t.Errorf("%s: %v, %s", name, err, stderr)
		}
	}
}
