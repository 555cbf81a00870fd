// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestConnectionsOfRelaysOwnProgramsAreRead(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.OldData(t, v, domain, domain)
	reader := newReader(t, v, v.Address, domain)
	for id, want := range map[string]map[string]string{
		"aws/production":               {"accessKeyID": "AKIAOLD", "secretAccessKey": "old-secret-key"},
		"kubernetes/relay-dev-cluster": {"server": "https://kubernetes.default.svc", "certificateAuthority": "old-authority", "token": "old-cluster-token"},
	} {
		kind, name, _ := strings.Cut(id, "/")
		fields, err := reader.Connection(t.Context(), kind, name)
		if got := plain(fields); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	for _, missing := range []string{"staging", "a/b"} {
		if _, err := reader.Connection(t.Context(), "aws", missing); err == nil {
			t.Errorf("aws/%s: no error", missing)
		}
	}
	relaytest.WriteOld(t, v, "connections/"+domain+"/aws/climbing", "../../workflows/other")
	if _, err := reader.Connection(t.Context(), "aws", "climbing"); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("a pointer to another path: %v", err)
	}
}

// The body is replaced between the listing of the former one and the read of its fields.
func TestConnectionIsNeverAPartOfTwoBodies(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.OldData(t, v, domain, domain)
	const next = "6f0c1d3e-8a6b-4c2d-9e1f-7a8b9c0d1e2f"
	base := "connections/" + domain + "/"
	proxy := vaulttest.NewProxy(t, v.Address)
	var moved atomic.Bool
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.HasSuffix(r.URL.Path, relaytest.OldBody+"/secretAccessKey") && moved.CompareAndSwap(false, true) {
			relaytest.WriteOld(t, v, base+next+"/accessKeyID", "AKIANEW")
			relaytest.WriteOld(t, v, base+next+"/secretAccessKey", "new-secret-key")
			relaytest.WriteOld(t, v, base+"aws/production", next)
			v.Call(t, v.RootToken, http.MethodDelete, "customers/data/"+base+relaytest.OldBody+"/secretAccessKey", nil)
		}
		return vaulttest.Action{}
	})
	fields, err := newReader(t, v, proxy.Address, domain).Connection(t.Context(), "aws", "production")
	want := map[string]string{"accessKeyID": "AKIANEW", "secretAccessKey": "new-secret-key"}
	if got := plain(fields); err != nil || !maps.Equal(got, want) || !moved.Load() {
		t.Errorf("got %q, %v", got, err)
	}
}

// A field that was deleted alone stays in the list of names.
func TestConnectionWithADeletedFieldHasTheOthers(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.OldData(t, v, domain, domain)
	v.Call(t, v.RootToken, http.MethodDelete, "customers/data/connections/"+domain+"/"+relaytest.OldBody+"/secretAccessKey", nil)
	reader := newReader(t, v, v.Address, domain)
	fields, err := reader.Connection(t.Context(), "aws", "production")
	if got := plain(fields); err != nil || len(got) != 1 || got["accessKeyID"] != "AKIAOLD" {
		t.Errorf("got %q, %v", got, err)
	}
	v.Call(t, v.RootToken, http.MethodDelete, "customers/data/connections/"+domain+"/"+relaytest.OldBody+"/accessKeyID", nil)
	if fields, err := reader.Connection(t.Context(), "aws", "production"); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("without fields: %q, %v", plain(fields), err)
	}
}

// Relay's roles issue batch tokens, which Vault cannot revoke.
func TestBatchTokenIsNotRevoked(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	write(t, v, secretOf(workflow, "one", "x"))
	roleID, secretID := v.AppRole(t, workflow, "1h")
	v.WritePolicy(t, workflow, `path "customers/data/workflows/`+workflow+`/*" { capabilities = ["read"] }`)
	for _, kind := range []string{"batch", "service"} {
		v.Call(t, v.RootToken, http.MethodPost, "auth/approle/role/"+workflow, map[string]any{"token_policies": workflow, "token_type": kind})
		proxy := vaulttest.NewProxy(t, v.Address)
		reader, err := NewReader(vault.Settings{Address: proxy.Address, Login: &vault.AppRole{RoleID: roleID, SecretID: secretID}}, scopeOf(workflow))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Secrets(t.Context(), []string{"one"}); err != nil {
			t.Fatal(err)
		}
		if err := reader.Close(context.Background()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		revoked := false
		for _, r := range proxy.Requests() {
			revoked = revoked || strings.HasSuffix(r.Path, "/revoke-self")
		}
		if revoked != (kind == "service") {
			t.Errorf("%s: revoked: %v", kind, revoked)
		}
	}
}
