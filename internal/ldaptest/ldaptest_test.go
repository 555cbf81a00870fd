// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package ldaptest_test

import (
	"net/http"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/ldaptest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestPersonLogsInToVault(t *testing.T) {
	t.Parallel()
	password := vaulttest.Canary(t)
	v, mount := vaulttest.Start(t), vaulttest.Workflow(t)
	v.LDAP(t, mount, ldaptest.Start(t, map[string]string{"ada": password}), ldaptest.Base,
		`path "customers/metadata/*" { capabilities = ["list"] }`)
	login := func(name, password string) (int, map[string]any) {
		return v.Call(t, "", http.MethodPost, "auth/"+mount+"/login/"+name, map[string]any{"password": password})
	}
	for name, wrong := range map[string]string{"ada": "wrong", "eve": password} {
		if status, _ := login(name, wrong); status != http.StatusBadRequest {
			t.Errorf("%s with a wrong password: status %d", name, status)
		}
	}
	status, answer := login("ada", password)
	if status != http.StatusOK {
		t.Fatalf("ada: status %d: %v", status, answer)
	}
	token := answer["auth"].(map[string]any)["client_token"].(string)
	if status, _ := v.Call(t, token, "LIST", "customers/metadata/", nil); status != http.StatusOK && status != http.StatusNotFound {
		t.Errorf("the person's policy: status %d", status)
	}
}
