// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const domainReader = `
path "customers/data/connections/DOMAIN/+/+"     { capabilities = ["read"] }
path "customers/metadata/connections/DOMAIN/+/"  { capabilities = ["list"] }`

// write writes secrets with this product's writer, or fields of a connection.
func write(t *testing.T, v *vaulttest.Vault, writes ...secrets.Write) {
	t.Helper()
	c, err := vaultclient.Connect(vault.Settings{Address: v.Address, Token: v.Writer(t)}, secrets.Config{Owner: "terraform/step"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range writes {
		if _, err := c.Put(context.Background(), w); err != nil {
			t.Fatal(err)
		}
	}
}

func secretOf(workflow, name, plain string) secrets.Write {
	a := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: workflow}.Secret(name)
	return secrets.Write{Address: a, Value: secrets.NewValue(plain)}
}

// newReader is a reader with the reader's policy for the workflow and for its domain, which
// has the same name.
func newReader(t *testing.T, v *vaulttest.Vault, address, workflow string) *Reader {
	t.Helper()
	rules := `path "customers/data/workflows/W/*" { capabilities = ["read"] }
path "customers/metadata/workflows/W/*" { capabilities = ["list"] }`
	token := v.Token(t, strings.ReplaceAll(rules, "W", workflow), strings.ReplaceAll(domainReader, "DOMAIN", workflow))
	reader, err := NewReader(vault.Settings{Address: address, Token: token}, scopeOf(workflow))
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func scopeOf(workflow string) Scope {
	return Scope{Mount: "customers", Prefix: "workflows", Workflow: workflow, Domain: workflow}
}

func plain(found []Secret) map[string]string {
	out := map[string]string{}
	for _, s := range found {
		out[s.Name] = s.Value.plain()
	}
	return out
}
