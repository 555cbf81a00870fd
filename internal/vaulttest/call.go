// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Call sends one request to Vault's API and returns the status and the decoded response,
// nil if it is empty. The path has no "/v1/" and is escaped; body is sent as JSON unless
// nil. The method may be LIST.
func (v *Vault) Call(t testing.TB, token, method, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	data := []byte(nil)
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			t.Fatalf("encode the body of %s %s: %v", method, path, err)
		}
	}
	req, err := http.NewRequest(method, v.Address+"/v1/"+path, bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	req.Header.Set("X-Vault-Token", token)
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := v.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatalf("%s %s: status %d without a JSON body: %v", method, path, resp.StatusCode, err)
		}
	}
	return resp.StatusCode, answer
}

// must is Call for a request that must succeed.
func (v *Vault) must(t testing.TB, token, method, path string, body any) map[string]any {
	t.Helper()
	status, answer := v.Call(t, token, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: status %d: %v", method, path, status, answer["errors"])
	}
	return answer
}

// entry returns the path of a secret for one of KV v2's operations.
func entry(operation, workflow, name string) string {
	return "customers/" + operation + "/workflows/" + url.PathEscape(workflow) + "/" + url.PathEscape(name)
}

// dig follows keys into nested objects; it returns nil if a key does not exist.
func dig(answer map[string]any, keys ...string) any {
	var at any = answer
	for _, key := range keys {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[key]
	}
	return at
}

// text is dig for a value that must be a string.
func text(t testing.TB, answer map[string]any, keys ...string) string {
	t.Helper()
	s, ok := dig(answer, keys...).(string)
	if !ok {
		t.Fatalf("no text found at %s in Vault's response", strings.Join(keys, "."))
	}
	return s
}
