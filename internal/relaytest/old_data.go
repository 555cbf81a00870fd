// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// The body of aws/production in OldData, and of kubernetes/relay-dev-cluster, whose id
// Relay's development mode takes from the name.
const (
	OldBody    = "5f0c1d3e-8a6b-4c2d-9e1f-7a8b9c0d1e2f"
	OldDevBody = "_relay-dev-cluster"
)

// OldData writes what Relay's own programs wrote: secrets of a workflow, also with names
// that this product does not manage, and two connections of a domain. Nothing has a
// record.
func OldData(t testing.TB, v *vaulttest.Vault, workflow, domain string) {
	t.Helper()
	secrets, connections := "workflows/"+workflow+"/", "connections/"+domain+"/"
	for _, entry := range [][2]string{
		{secrets + "registry_password", "old-registry"},
		{secrets + "api_token", "old-token"},
		{secrets + "slack:webhook", "old-webhook"},
		{secrets + "database/password", "old-database"},
		{connections + OldBody + "/accessKeyID", "AKIAOLD"},
		{connections + OldBody + "/secretAccessKey", "old-secret-key"},
		{connections + "aws/production", OldBody},
		{connections + OldDevBody + "/server", "https://kubernetes.default.svc"},
		{connections + OldDevBody + "/certificateAuthority", "old-authority"},
		{connections + OldDevBody + "/token", "old-cluster-token"},
		{connections + "kubernetes/relay-dev-cluster", OldDevBody},
	} {
		WriteOld(t, v, entry[0], entry[1])
	}
}

// WriteOld writes a value below the mount, as another program does.
func WriteOld(t testing.TB, v *vaulttest.Vault, path, value string) {
	t.Helper()
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	body := map[string]any{"data": map[string]any{"value": value}}
	if status, answer := v.Call(t, v.RootToken, http.MethodPost, "customers/data/"+strings.Join(segments, "/"), body); status/100 != 2 {
		t.Fatalf("write %s: status %d: %v", path, status, answer["errors"])
	}
}
