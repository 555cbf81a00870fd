// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package oidctest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// Person can log in at a provider.
type Person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Start starts a provider for this test, which sends people back to redirectURI only, and returns its client.
func Start(t testing.TB, redirectURI string, people ...Person) vaulttest.OIDCClient {
	t.Helper()
	client := vaulttest.OIDCClient{ID: "vault", Secret: rand.Text(), RedirectURI: redirectURI}
	cmd := exec.Command(tools.Path(t, "oidc-provider")) //nolint:noctx // it ends with its standard input
	cmd.Env = []string{}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the OpenID provider: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("stop the OpenID provider: %v; its log: %s", err, stderr.String())
		}
	})
	if err := json.NewEncoder(stdin).Encode(map[string]any{
		"client_id": client.ID, "client_secret": client.Secret, "redirect_uris": []string{redirectURI}, "people": people,
	}); err != nil {
		t.Fatalf("configure the OpenID provider: %v", err)
	}
	if err := json.NewDecoder(stdout).Decode(&client); err != nil {
		t.Fatalf("read the announcement of the OpenID provider: %v", err)
	}
	return client
}

// LogIn fills in the login page of a provider, and waits for the page that the person comes back to.
func (p Person) LogIn(tab *browsertest.Tab) {
	tab.Fill("Username:", p.Email)
	tab.Fill("Password:", p.Password)
	tab.Follow("button", "Login")
}
