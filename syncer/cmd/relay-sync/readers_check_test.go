// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build readers

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// make readers-check runs the pages with Vault's own program.
func init() { guidePrograms["vault"], guidePrograms["vals"] = "vault", "vals" }

func TestHowStepsReadByVaultAgentAndVals(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	parts := r.pasteReaders([]string{"AppRole", "vault kv get", "consul-template", "Vault Agent", "vals"})
	if got := read(t, filepath.Join(r.dir, "agent/registry_password")); got != r.password {
		t.Errorf("Vault Agent rendered %q, want %q", got, r.password)
	}
	if got := parts["Vault Agent"]; !strings.Contains(got, "\n"+r.password+" \n") {
		t.Errorf("the command of Vault Agent got\n%s\nwant %q", got, r.password)
	}
	if got, want := parts["vals"], r.password+" "+r.key+"\n"; !strings.HasPrefix(got, want) {
		t.Errorf("the command of vals got\n%s\nwant %q", got, want)
	}
}

func TestHowStepsReadByExternalSecrets(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	r.pasteReaders([]string{"Kubernetes"})
	var manifests strings.Builder
	for _, document := range r.blocks("External Secrets") {
		text, err := yaml.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&manifests, "---\n%s", text)
	}
	// The cluster that issues the token of the service account.
	r.write("kubeconfig", fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"prod","cluster":{"server":%q,"certificate-authority-data":%q}}],`+
		`"contexts":[{"name":"prod","context":{"cluster":"prod"}}],"current-context":"prod"}`,
		r.kubernetes.url, base64.StdEncoding.EncodeToString([]byte(r.kubernetes.ca))))
	command := exec.CommandContext(t.Context(), tools.Path(t, "external-secrets"))
	command.Env = []string{"KUBECONFIG=" + filepath.Join(r.dir, "kubeconfig")}
	command.Stdin = strings.NewReader(strings.ReplaceAll(manifests.String(), "https://vault.example.com:8200", r.vault.Address))
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var got map[string]map[string][]byte
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatal(err)
	}
	stored := "base64:" + base64.StdEncoding.EncodeToString([]byte(binaryValue))
	webhook, _ := r.vault.ReadAs(t, r.admin, "deploy-production", "webhook_token")
	for object, want := range map[string]map[string]string{
		"deploy-single":   {"REGISTRY_PASSWORD": r.password, "SIGNING_KEY": r.key},
		"deploy-all":      {"registry_password": r.password, "signing_key": r.key, "keystore": stored, "webhook_token": webhook},
		"deploy-keystore": {"keystore": binaryValue},
	} {
		if names := slices.Sorted(maps.Keys(got[object])); len(names) != len(want) {
			t.Errorf("%s has %v, want %v", object, names, slices.Sorted(maps.Keys(want)))
		}
		for name, value := range want {
			if string(got[object][name]) != value {
				t.Errorf("%s: %s is %q, want %q", object, name, got[object][name], value)
			}
		}
	}
}
