// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// page opens a page below the workflow of the test.
func (w *world) page(tab *browsertest.Tab, path string) {
	tab.Open(w.url + "/workflows/" + w.workflow + path)
}

// openAs logs a new person with a role in, and opens the workflow.
func (w *world) openAs(t *testing.T, role policy.Role) *browsertest.Tab {
	t.Helper()
	tab := w.open(t, w.rules(t, role, func(g *policy.Grant) { g.Undelete = role == policy.Operator }))
	w.page(tab, "")
	return tab
}

// wantRead asserts that a step of the workflow reads exactly these bytes.
func (w *world) wantRead(t *testing.T, name, want string) {
	t.Helper()
	got, ok := w.ReadAs(t, w.Reader(t, w.workflow), w.workflow, name)
	if !ok || got != want {
		t.Errorf("a step reads %d bytes, %.80q, %t; want %d, %.80q", len(got), got, ok, len(want), want)
	}
}

// wantNone asserts that a step of the workflow reads no value.
func (w *world) wantNone(t *testing.T, name string) {
	t.Helper()
	if got, ok := w.ReadAs(t, w.Reader(t, w.workflow), w.workflow, name); ok {
		t.Errorf("a step reads %q", got)
	}
}

// version is the newest version of a secret in Vault; 0 for none.
func (w *world) version(t *testing.T, name string) float64 {
	t.Helper()
	version, _ := w.Metadata(t, w.workflow, name)["current_version"].(float64)
	return version
}

// writeAs writes a value and its record as another owner does, and returns when it is done.
func (w *world) writeAs(t *testing.T, owner secrets.Owner, name, value string) {
	t.Helper()
	clients, err := vaultclient.NewClients(vaultclient.Settings{Address: w.Address, AllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	client, err := secrets.NewClient(secrets.Config{
		KV: clients.WithToken(w.Writer(t), ""), Owner: owner, Role: policy.Writer.String(), Warn: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	a := secrets.Address{Scope: secrets.Scope{Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix, Group: w.workflow}, Name: name}
	seen, err := client.Describe(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), secrets.Write{Address: a, Value: secrets.NewValue(value), Observed: seen}); err != nil {
		t.Fatal(err)
	}
}

// tokensOf returns how many tokens of a login Vault accepts, by its display name.
func (w *world) tokensOf(t *testing.T, display string) int {
	t.Helper()
	_, answer := w.Call(t, w.RootToken, "LIST", "auth/token/accessors", nil)
	n := 0
	for _, accessor := range answer["data"].(map[string]any)["keys"].([]any) {
		status, found := w.Call(t, w.RootToken, http.MethodPost, "auth/token/lookup-accessor", map[string]any{"accessor": accessor})
		if status == http.StatusOK && found["data"].(map[string]any)["display_name"] == display {
			n++
		}
	}
	return n
}

// wantTokens waits until Vault accepts as many tokens of a login.
func (w *world) wantTokens(t *testing.T, display string, want int) {
	t.Helper()
	if !await.Until(time.Minute, func() bool { return w.tokensOf(t, display) == want }) {
		t.Errorf("Vault accepts %d tokens of %s, want %d", w.tokensOf(t, display), display, want)
	}
}

// wantFields asserts that a step reads exactly these fields of a connection, with Relay's own
// code; nil for no connection.
func (w *world) wantFields(t *testing.T, kind, name string, want map[string]string) {
	t.Helper()
	reader := relaytest.Start(t, w.Vault, w.Token(t, w.rules(t, policy.Reader, nil)))
	if got, found := reader.Connection(w.domain, kind, name); found != (want != nil) || !maps.Equal(got, want) {
		t.Errorf("a step reads %v, %t; want %v", got, found, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// wantText asserts that a person sees each of the texts on the page.
func wantText(t *testing.T, tab *browsertest.Tab, texts ...string) {
	t.Helper()
	seen := tab.Text()
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			t.Errorf("%s does not show %q:\n%s", tab.URL(), text, seen)
		}
	}
}
