// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMain(m *testing.M) {
	terraformtest.Main(m, func() {
		if terraformtest.ServedProvider() == "vault" {
			serveVaultStub()
			return
		}
		if err := Serve(context.Background(), Options{Version: "test", Quiet: os.Getenv("TF_LOG") == ""}); err != nil {
			log.Fatal(err)
		}
	})
}

// fixture is a configuration with a Vault server behind a proxy, and a token that
// cannot read values.
type fixture struct {
	*terraformtest.Workspace
	vault    *vaulttest.Vault
	proxy    *vaulttest.Proxy
	token    string
	workflow string
}

// newFixture uses the shared Vault server. It fails the test if a request reads a value
// or writes one without check-and-set.
func newFixture(t *testing.T, cli terraformtest.CLI) *fixture {
	t.Helper()
	return newFixtureOn(t, cli, vaulttest.Start(t))
}

func newFixtureOn(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault) *fixture {
	t.Helper()
	s := &fixture{
		Workspace: cli.Workspace(t),
		vault:     vault,
		proxy:     vaulttest.NewProxy(t, vault.Address),
		token:     vault.Writer(t),
		workflow:  vaulttest.Workflow(t),
	}
	s.Setenv("VAULT_ADDR", s.proxy.Address)
	s.Setenv("VAULT_TOKEN", s.token)
	t.Cleanup(func() {
		if len(s.proxy.Requests()) > 0 {
			s.assertBlind(t)
		}
	})
	return s
}

func (s *fixture) assertBlind(t *testing.T) {
	t.Helper()
	s.proxy.AssertBlind(t)
	s.proxy.AssertCheckAndSet(t)
}

// dataWrites counts the values sent since the last call, and checks all requests as
// newFixture does.
func (s *fixture) dataWrites(t *testing.T) int {
	t.Helper()
	s.assertBlind(t)
	count := 0
	for _, r := range s.proxy.Requests() {
		if r.CAS && (r.Method == http.MethodPost || r.Method == http.MethodPut) {
			count++
		}
	}
	s.proxy.Reset()
	return count
}

// value returns what the workflow reads, with a reader's token.
func (s *fixture) value(t *testing.T, name string) string {
	t.Helper()
	value, ok := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, name)
	if !ok {
		t.Errorf("the workflow finds no value for %s", name)
	}
	return value
}

// header is the provider block of most tests.
const header = `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}

provider "relay" {
  owner  = "shop"
  settle = "300ms"
}
`

// secret returns a resource with the name of the secret; value is an expression.
func (s *fixture) secret(name, value string, lines ...string) string {
	return fmt.Sprintf("\nresource \"relay_workflow_secret\" %q {\n  workflow = %q\n  name     = %q\n  value_wo = %s\n  %s\n}\n",
		name, s.workflow, name, value, strings.Join(lines, "\n  "))
}

// configure replaces the configuration with the header and these blocks.
func (s *fixture) configure(t *testing.T, blocks ...string) {
	t.Helper()
	s.Write(t, header+strings.Join(blocks, ""))
}

// at returns the resource address of a secret.
func at(name string) string { return "relay_workflow_secret." + name }
