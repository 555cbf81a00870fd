// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestRevokedTokenIsTheCauseOfADeniedChange revokes the token before one request of a change, after
// the check of capabilities: Vault's answer is that of a token without the capability.
func TestRevokedTokenIsTheCauseOfADeniedChange(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, row := range []struct {
		name, request string
		do            func(*Client, Address, Claim) error
	}{
		{"the value", "/data/", putOne},
		{"the record", "PATCH", putOne},
		{"the deletion", "/delete/", deleteOne},
		{"the destruction", "/destroy/", purgeOne},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := testAddress(t)
			token := v.Token(t, strings.Join([]string{
				`path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`,
				`path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`,
				`path "customers/delete/workflows/+/+" { capabilities = ["update"] }`,
				`path "customers/destroy/workflows/+/+" { capabilities = ["update"] }`,
			}, "\n"))
			c, proxy := realClient(t, token, shop)
			written, err := c.Put(t.Context(), Write{Address: a, Value: NewValue("one")})
			if err != nil {
				t.Fatal(err)
			}
			proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if strings.Contains(r.Method+r.URL.Path, row.request) {
					v.Call(t, token, http.MethodPost, "auth/token/revoke-self", nil)
				}
				return vaulttest.Action{}
			})
			if err := row.do(c, a, written.Claim(shop)); !errors.Is(err, ErrTokenRejected) {
				t.Errorf("got %v", err)
			}
		})
	}
}
