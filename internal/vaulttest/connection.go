// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"net/http"
	"strings"
	"testing"
)

// Pointer is the id of the live body of a connection; "" for none.
func (v *Vault) Pointer(t testing.TB, domain, kind, name string) string {
	t.Helper()
	return v.valueIn(t, domain, kind+"/"+name)
}

// Bodies are the live fields of each body in a domain. A type of connections must not parse as a
// body: kinds are those that the domain has.
func (v *Vault) Bodies(t testing.TB, domain string, kinds ...string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, folder := range v.namesIn(t, domain, "") {
		id, isFolder := strings.CutSuffix(folder, "/")
		for _, kind := range kinds {
			isFolder = isFolder && id != kind
		}
		if !isFolder {
			continue
		}
		for _, field := range v.namesIn(t, domain, folder) {
			if value := v.valueIn(t, domain, folder+field); value != "" {
				if out[id] == nil {
					out[id] = map[string]string{}
				}
				out[id][field] = value
			}
		}
	}
	return out
}

// WriteRelayConnection writes a connection as Relay's own programs did: a body without a mark.
func (v *Vault) WriteRelayConnection(t testing.TB, domain, kind, name, field, value string) {
	t.Helper()
	v.writeIn(t, domain, "_"+name+"/"+field, value)
	v.writeIn(t, domain, kind+"/"+name, "_"+name)
}

func inDomain(operation, domain, name string) string {
	return "customers/" + operation + "/connections/" + domain + "/" + name
}

func (v *Vault) writeIn(t testing.TB, domain, name, value string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, inDomain("data", domain, name), map[string]any{"data": map[string]string{"value": value}})
}

func (v *Vault) valueIn(t testing.TB, domain, name string) string {
	t.Helper()
	_, answer := v.Call(t, v.RootToken, http.MethodGet, inDomain("data", domain, name), nil)
	value, _ := dig(answer, "data", "data", "value").(string)
	return value
}

func (v *Vault) namesIn(t testing.TB, domain, folder string) (names []string) {
	t.Helper()
	_, answer := v.Call(t, v.RootToken, "LIST", inDomain("metadata", domain, folder), nil)
	keys, _ := dig(answer, "data", "keys").([]any)
	for _, key := range keys {
		names = append(names, key.(string))
	}
	return names
}
