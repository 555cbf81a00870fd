// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tidy

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// world is a prefix and a domain of its own.
type world struct {
	*testing.T
	vault *vaulttest.Vault
	proxy *vaulttest.Proxy
	root  secrets.Scope
	// owner writes, tidy removes.
	owner *secrets.Client
	tidy  Tidy
	// audited are the removals, by owner and address.
	audited []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	v := vaulttest.Start(t)
	w := &world{T: t, vault: v, proxy: vaulttest.NewProxy(t, v.Address), root: secrets.Scope{Mount: secrets.DefaultMount, Prefix: strings.ToLower(vaulttest.Workflow(t))}}
	domain := w.root.Prefix
	w.owner = w.client(policy.Writer, domain)
	w.tidy = Tidy{
		Client: w.client(policy.Tidy, domain), Root: w.root, Domain: domain,
		Around: func(owner secrets.Owner, r *report.Result, do func()) {
			do()
			w.audited = append(w.audited, string(owner)+" "+r.Address.Title())
		},
		Warn: func(text string) { t.Errorf("warned: %s", text) },
	}
	return w
}

func (w *world) client(role policy.Role, domain string) *secrets.Client {
	w.Helper()
	rules, err := policy.For(policy.Grant{Role: role, Mount: w.root.Mount, Prefix: w.root.Prefix, ConnectionsDomain: domain})
	if err != nil {
		w.Fatal(err)
	}
	c, err := vaultclient.Connect(vaultclient.Settings{Address: w.proxy.Address, Token: w.vault.Token(w, rules)},
		secrets.Config{Owner: "terraform/shop", Settle: 300 * time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) connections() *connections.Client {
	return connections.New(w.owner, func(text string) { w.Errorf("warned: %s", text) })
}

// put writes a secret or a connection, and deletes it if dead is set.
func (w *world) put(m secrets.Manager, a secrets.Address, dead bool) {
	w.Helper()
	write := secrets.Write{Address: a, Value: secrets.NewValue("a value"), Observed: w.describe(a)}
	if a.Kind == secrets.Connection {
		write.Fields = map[string]secrets.Value{"url": secrets.NewValue("u"), "token": secrets.NewValue("t")}
	}
	if _, err := m.Put(w.Context(), write); err != nil {
		w.Fatal(err)
	}
	if dead {
		if _, err := m.Delete(w.Context(), a, w.describe(a).Claim("terraform/shop")); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) describe(a secrets.Address) secrets.Entry {
	w.Helper()
	e, err := w.owner.Describe(w.Context(), a)
	if err != nil {
		w.Fatal(err)
	}
	return e
}

// names are the titles of what Find finds.
func (w *world) find() (Found, []string) {
	w.Helper()
	found, err := w.tidy.Find(w.Context())
	if err != nil || len(found.Failed) > 0 {
		w.Fatal(err, found.Failed)
	}
	var titles []string
	for _, n := range found.Names {
		titles = append(titles, n.Address.Title())
	}
	return found, titles
}

// listed are the names in a folder below the mount.
func (w *world) listed(folder string) []string {
	w.Helper()
	_, answer := w.vault.Call(w, w.vault.RootToken, "LIST", w.root.Mount+"/metadata/"+folder, nil)
	data, _ := answer["data"].(map[string]any)
	keys, _ := data["keys"].([]any)
	out := []string{}
	for _, key := range keys {
		out = append(out, key.(string))
	}
	return out
}

func TestDeadAndReleasedNamesAreRemovedAfterAPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scope := w.root.In("deploy")
	w.put(w.owner, scope.Secret("live"), false)
	w.put(w.owner, scope.Secret("dead"), true)
	w.put(w.owner, scope.Secret("again"), true)
	w.vault.Call(t, w.vault.RootToken, http.MethodPost, w.root.Mount+"/data/"+w.root.Prefix+"/deploy/foreign", map[string]any{"data": map[string]string{"value": "x"}})
	w.vault.Call(t, w.vault.RootToken, http.MethodDelete, w.root.Mount+"/data/"+w.root.Prefix+"/deploy/foreign", nil)
	main := connections.Address(w.root, w.tidy.Domain, "jira", "main")
	w.put(w.connections(), main, true)
	w.put(w.connections(), connections.Address(w.root, w.tidy.Domain, "jira", "live"), false)

	found, titles := w.find()
	if want := []string{"deploy/again", "deploy/dead", "connection:jira/main"}; !slices.Equal(titles, want) || found.Looked != 6 {
		t.Fatalf("found %q among %d names, want %q", titles, found.Looked, want)
	}
	results, marked := w.tidy.Mark(t.Context(), found)
	if len(results) > 0 || len(marked.Names) != 3 || time.Until(marked.Removable) < 9*time.Minute {
		t.Fatalf("%+v; %d names marked, removable in %s", results, len(marked.Names), time.Until(marked.Removable))
	}
	for _, r := range w.tidy.Remove(t.Context(), marked) {
		if r.Err != nil || !strings.Contains(r.Cause, "not removed") {
			t.Errorf("without the pause: %s: %q, %v", r.Address.Title(), r.Cause, r.Err)
		}
	}
	w.proxy.Skew(secrets.TidyPause)
	w.audited = nil
	// "again" is written by a writer of an earlier version, which does not heed marks.
	w.vault.Call(t, w.vault.RootToken, http.MethodPost, w.root.Mount+"/data/"+w.root.Prefix+"/deploy/again", map[string]any{"data": map[string]string{"value": "y"}})
	causes := map[string]string{}
	for _, r := range w.tidy.Remove(t.Context(), marked) {
		if causes[r.Address.Title()] = r.Cause; r.Err != nil {
			t.Error(r.Err)
		}
	}
	if want := map[string]string{"deploy/again": stays(secrets.TidyKeep), "deploy/dead": "", "connection:jira/main": ""}; !maps.Equal(causes, want) {
		t.Errorf("%q, want %q", causes, want)
	}
	if want := []string{"again", "foreign", "live"}; !slices.Equal(w.listed(w.root.Prefix+"/deploy"), want) {
		t.Errorf("Vault lists %q, want %q", w.listed(w.root.Prefix+"/deploy"), want)
	}
	if folders := w.listed(secrets.ConnectionsPrefix + w.tidy.Domain); len(folders) != 2 || !slices.Contains(folders, "jira/") {
		t.Errorf("of the connections, Vault lists %q: the live one and its body are wanted", folders)
	}
	if want := []string{"terraform/shop deploy/again", "terraform/shop deploy/dead", "terraform/shop connection:jira/main"}; !slices.Equal(w.audited, want) {
		t.Errorf("audited %q, want %q", w.audited, want)
	}
	w.proxy.AssertBlind(t)
}

// TestMarkOfAnEarlierRunIsUsed: a tidy that was stopped in the pause.
func TestMarkOfAnEarlierRunIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.root.In("deploy").Secret("dead")
	w.put(w.owner, a, true)
	found, _ := w.find()
	w.tidy.Mark(t.Context(), found)
	w.proxy.Skew(secrets.TidyPause + time.Minute)
	found, _ = w.find()
	if results, marked := w.tidy.Mark(t.Context(), found); len(results) != 1 || results[0].Err != nil || results[0].Cause != "" || len(marked.Names) > 0 {
		t.Errorf("%+v, %+v", results, marked)
	}
	if left := w.listed(w.root.Prefix + "/deploy"); len(left) > 0 {
		t.Errorf("Vault lists %q", left)
	}
}

// TestNothingIsMarkedWithTheTokenOfAnotherRole: the writer's policy must not suffice.
func TestNothingIsMarkedWithTheTokenOfAnotherRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(w.owner, w.root.In("deploy").Secret("dead"), true)
	found, _ := w.find()
	w.tidy.Client = w.owner
	results, marked := w.tidy.Mark(t.Context(), found)
	if len(results) != 1 || len(marked.Names) > 0 || !strings.Contains(report.ErrorText(results[0].Err), "relay-sync policy tidy") {
		t.Errorf("%+v, %+v", results, marked)
	}
}
