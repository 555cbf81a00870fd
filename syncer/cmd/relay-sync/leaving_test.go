// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// afterFirstHour is a Vault after the page "Vault from nothing".
func afterFirstHour(t *testing.T) *firstHour {
	t.Helper()
	h := newFirstHour(t)
	// The page ends with the revocation of the first token.
	_, created := h.vault.Call(t, h.admin, http.MethodPost, "auth/token/create-orphan", map[string]any{"policies": []string{"root"}})
	another := created["auth"].(map[string]any)["client_token"].(string)
	h.paste("vault-from-nothing")
	h.admin = another
	h.roleID = h.run("vault read -field=role_id auth/approle/role/shop-terraform/role-id")
	return h
}

// records are the keys of the custom metadata of a secret.
func (h *firstHour) records(name string) []string {
	h.t.Helper()
	_, answer := h.vault.Call(h.t, h.admin, http.MethodGet, "customers/metadata/workflows/deploy-production/"+name, nil)
	data, _ := answer["data"].(map[string]any)
	custom, _ := data["custom_metadata"].(map[string]any)
	var keys []string
	for key := range custom {
		keys = append(keys, key)
	}
	return keys
}

func TestLeavingKeepsTheSecrets(t *testing.T) {
	t.Parallel()
	h := afterFirstHour(t)
	for name, owner := range map[string]string{"signing_key": "relay.terraform/shop-prod", "registry_password": "relay.gitops/cluster-1/shop"} {
		if got := h.records(name); !slices.Equal(got, []string{owner}) {
			t.Fatalf("%s has the records %v before", name, got)
		}
	}
	h.paste("leaving", "Terraform forgets", "The records")
	for _, name := range []string{"signing_key", "registry_password", "webhook_token"} {
		if got := h.records(name); len(got) > 0 {
			t.Errorf("%s has the records %v", name, got)
		}
		if got, found := h.vault.ReadAs(t, h.admin, "deploy-production", name); !found || got == "" {
			t.Errorf("no step can read %s", name)
		}
	}
	if state := h.run("terraform state list"); strings.TrimSpace(state) != "" {
		t.Errorf("Terraform still manages %s", state)
	}
}

func TestLeavingRemovesTheSecrets(t *testing.T) {
	t.Parallel()
	h := afterFirstHour(t)
	value, _ := h.vault.ReadAs(t, h.admin, "deploy-production", "signing_key")
	if state := read(t, filepath.Join(h.dir, "terraform.tfstate")); !strings.Contains(state, "signing_key") || strings.Contains(state, value) {
		t.Errorf("the page states that a state has names and no values:\n%s", state)
	}
	h.paste("leaving", "From Terraform", "From git")
	for _, name := range []string{"signing_key", "registry_password"} {
		if got, found := h.vault.ReadAs(t, h.admin, "deploy-production", name); found {
			t.Errorf("a step still reads %q as %s", got, name)
		}
	}
	h.paste("leaving", "The versions and names")
	if status, answer := h.vault.Call(t, h.admin, "LIST", "customers/metadata/workflows/deploy-production", nil); status != http.StatusNotFound {
		t.Errorf("Vault still lists the workflow: status %d, %v", status, answer["data"])
	}
	h.paste("leaving", "Logins and policies", "The mount", "The machine")
	for path, gone := range map[string]string{
		"sys/mounts": "customers", "sys/auth": "github", "sys/policies/acl?list=true": "shop-", "auth/approle/role?list=true": "shop",
	} {
		if _, answer := h.vault.Call(t, h.admin, http.MethodGet, path, nil); strings.Contains(fmt.Sprint(answer["data"]), gone) {
			t.Errorf("%s still has %s: %v", path, gone, answer["data"])
		}
	}
	left, err := os.ReadDir(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if strings.HasSuffix(file.Name(), ".age") || strings.HasSuffix(file.Name(), "secret-id") || file.Name() == "shop" {
			t.Errorf("%s is still there", file.Name())
		}
	}
}
