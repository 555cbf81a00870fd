// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

var root = secrets.Scope{Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix}

// world is a Vault with clients whose requests pass a proxy.
type world struct {
	*testing.T
	vault   *vaulttest.Vault
	proxy   *vaulttest.Proxy
	clients *vaultclient.Clients
}

func newWorld(t *testing.T) *world {
	t.Helper()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	clients, err := vaultclient.NewClients(vaultclient.Settings{Address: proxy.Address})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, v, proxy, clients}
}

// as is the client of a new person with these rules, and the id of the person's entity.
func (w *world) as(rules ...string) (*vaultclient.Client, string) {
	w.Helper()
	token, entity := w.vault.Person(w, rules...)
	return w.clients.WithToken(token, ""), entity
}

func (w *world) policy(g policy.Grant) string {
	w.Helper()
	g.Mount, g.Prefix = root.Mount, root.Prefix
	text, err := policy.For(g)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

func TestIdentityOfPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workflow := vaulttest.Workflow(t)
	c, entity := w.as(w.policy(policy.Grant{Role: policy.Operator, Workflows: []string{workflow}}))
	got, err := person.Identify(t.Context(), c)
	if err != nil || got.EntityID != entity || got.MayWrite != nil || got.Expires.IsZero() || !got.Renewable {
		t.Fatalf("%+v, %v", got, err)
	}
	if owner, err := person.Owner(t.Context(), c); err != nil || owner != got.Owner {
		t.Errorf("the owner is %s, of Owner %s, %v", got.Owner, owner, err)
	}
	if !strings.HasPrefix(got.Name, "person-") || got.DisplayName != "userpass-"+got.Name || fmt.Sprint(got.Policies) != "[default "+got.Name+"]" {
		t.Errorf("%+v", got)
	}
	for name, c := range map[string]struct {
		client *vaultclient.Client
		may    error
	}{
		"without an entity": {w.clients.WithToken(w.vault.Writer(t), ""), person.ErrNoEntity},
		"root":              {w.clients.WithToken(w.vault.RootToken, ""), person.ErrNoEntity},
	} {
		got, err := person.Identify(t.Context(), c.client)
		if err != nil || !errors.Is(got.MayWrite, c.may) || got.Owner != secrets.NoOwner || got.Name == "" || len(got.Policies) == 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := person.Identify(t.Context(), w.clients.WithToken("unknown", "")); !errors.Is(err, secrets.ErrTokenRejected) {
		t.Errorf("an unknown token: %v", err)
	}
}

func TestBatchTokenOnlyLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := vaulttest.Workflow(t)
	password := w.vault.User(t, name)
	w.vault.Call(t, w.vault.RootToken, "POST", "auth/userpass/users/"+name, map[string]any{"token_type": "batch", "token_ttl": "1h"})
	_, answer := w.vault.Call(t, "", "POST", "auth/userpass/login/"+name, map[string]any{"password": password})
	token := answer["auth"].(map[string]any)["client_token"].(string)
	got, err := person.Identify(t.Context(), w.clients.WithToken(token, ""))
	if err != nil || !errors.Is(got.MayWrite, person.ErrBatchToken) || got.Name != name || got.EntityID == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// granted are the rights as one word each. Every right that is not granted must have its
// missing lines; a connection has no undelete.
func granted(r person.Rights, connections ...bool) string {
	var out []string
	for _, right := range []struct {
		name    string
		is      bool
		missing string
	}{
		{"list", r.List, r.Missing.List}, {"observe", r.Observe, r.Missing.Observe}, {"write", r.Write, r.Missing.Write},
		{"delete", r.Delete, r.Missing.Delete}, {"undelete", r.Undelete, r.Missing.Undelete},
	} {
		if right.is {
			out = append(out, right.name)
		}
		if right.is != (right.missing == "") && (right.name != "undelete" || len(connections) == 0) {
			out = append(out, right.name+" is "+fmt.Sprint(right.is)+", missing: "+right.missing)
		}
	}
	return strings.Join(out, " ")
}

func TestRightsOfRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workflow, other := vaulttest.Workflow(t), vaulttest.Workflow(t)+"-other"
	for _, row := range []struct {
		grant                policy.Grant
		workflow, connection string
	}{
		{policy.Grant{Role: policy.Viewer}, "list observe", "list observe"},
		{policy.Grant{Role: policy.Operator}, "list observe write delete", "list observe"},
		{policy.Grant{Role: policy.Operator, Undelete: true}, "list observe write delete undelete", "list observe"},
		{policy.Grant{Role: policy.Administrator}, "list observe write delete undelete", "list observe write delete"},
		{policy.Grant{Role: policy.Writer}, "list observe write delete", "list observe write delete"},
		{policy.Grant{Role: policy.Reader}, "list", "list"},
	} {
		row.grant.Workflows, row.grant.ConnectionsDomain = []string{workflow}, workflow
		c, _ := w.as(w.policy(row.grant))
		w.proxy.Reset()
		rights, err := person.RightsIn(t.Context(), c, root, workflow, other)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(w.proxy.Requests()); n != 1 {
			t.Errorf("%s: %d requests", row.grant.Role, n)
		}
		domain, err := person.RightsInDomain(t.Context(), c, root, workflow)
		if err != nil {
			t.Fatal(err)
		}
		if got := granted(rights[workflow]); got != row.workflow {
			t.Errorf("%s in the workflow: %s, want %s", row.grant.Role, got, row.workflow)
		}
		view, err := person.MayView(t.Context(), c, root, workflow, other)
		if may := rights[workflow].List && rights[workflow].Observe; err != nil || view[workflow] != may || view[other] {
			t.Errorf("%s may view %v, %v", row.grant.Role, view, err)
		}
		if got := granted(rights[other]); got != "" {
			t.Errorf("%s in another workflow: %s", row.grant.Role, got)
		}
		if got := granted(domain, true); got != row.connection && row.connection != "" {
			t.Errorf("%s in the domain: %s, want %s", row.grant.Role, got, row.connection)
		}
	}
	w.proxy.AssertBlind(t)
}

// The missing lines, added to the policy, are what was missing.
func TestMissingLinesSuffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workflow := vaulttest.Workflow(t)
	before := `path "customers/metadata/workflows/` + workflow + `/+" { capabilities = ["read"] }`
	c, _ := w.as(before)
	all, err := person.RightsIn(t.Context(), c, root, workflow)
	if err != nil {
		t.Fatal(err)
	}
	domain, err := person.RightsInDomain(t.Context(), c, root, workflow)
	if err != nil || granted(all[workflow])+granted(domain, true) != "observe" {
		t.Fatalf("before: %s, %s, %v", granted(all[workflow]), granted(domain, true), err)
	}
	rules := []string{before}
	for _, m := range []person.Missing{all[workflow].Missing, domain.Missing} {
		rules = append(rules, m.List, m.Observe, m.Write, m.Delete, m.Undelete)
	}
	c, _ = w.as(rules...)
	all, err = person.RightsIn(t.Context(), c, root, workflow)
	if err != nil || granted(all[workflow]) != "list observe write delete undelete" {
		t.Errorf("%s, %v", granted(all[workflow]), err)
	}
	domain, err = person.RightsInDomain(t.Context(), c, root, workflow)
	if err != nil || granted(domain, true) != "list observe write delete" {
		t.Errorf("%s, %v", granted(domain, true), err)
	}
}

func TestRightsInManyWorkflows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.as(w.policy(policy.Grant{Role: policy.Viewer}))
	names := make([]string, 250)
	for i := range names {
		names[i] = fmt.Sprintf("many-%d", i)
	}
	rights, err := person.RightsIn(t.Context(), c, root, names...)
	if err != nil || len(rights) != len(names) || granted(rights["many-249"]) != "list observe" {
		t.Errorf("%d workflows, %v", len(rights), err)
	}
	if n := len(w.proxy.Requests()); n != 2 {
		t.Errorf("%d requests for 250 workflows", n)
	}
	if _, err := person.RightsIn(t.Context(), c, root, "a", "../b"); !errors.Is(err, secrets.ErrInvalid) {
		t.Errorf("an invalid name: %v", err)
	}
	if _, err := person.RightsIn(t.Context(), w.clients.WithToken("unknown", ""), root, "a"); !errors.Is(err, secrets.ErrTokenRejected) {
		t.Errorf("an unknown token: %v", err)
	}
}

func TestWhoMayApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	approver, entity := w.as(w.policy(policy.Grant{Role: policy.Approver, Controller: "prod", Sources: []string{"shop"}}))
	operator, other := w.as(w.policy(policy.Grant{Role: policy.Operator}))
	for name, c := range map[string]struct {
		client         *vaultclient.Client
		source, entity string
		want           bool
	}{
		"approver":                       {approver, "shop", entity, true},
		"approver of another source":     {approver, "pay", entity, false},
		"approver as another person":     {approver, "shop", other, false},
		"operator":                       {operator, "shop", other, false},
		"approver without an entity":     {approver, "shop", "", false},
		"approver with a strange entity": {approver, "shop", "../" + entity, false},
	} {
		may, err := person.MayApprove(t.Context(), c.client, "", "customers", "prod", c.entity, c.source, "another")
		if err != nil || may[c.source] != c.want || may["another"] {
			t.Errorf("%s: %v, %v", name, may, err)
		}
	}
	const line = `path "customers/metadata/relay-sync/prod/shop/{{identity.entity.id}}" { capabilities = ["create", "read", "patch"] }`
	if got := person.ApprovalRule("customers", "prod", "shop"); got != line {
		t.Errorf("rule: %s", got)
	}
	if _, err := person.MayApprove(t.Context(), approver, "", "customers", "prod", entity, "shop", "a/b"); !errors.Is(err, secrets.ErrInvalid) {
		t.Errorf("an invalid source: %v", err)
	}
}

// The rules of the roles name what a person may list, also where Vault does not show them.
func TestWorkflowsOfRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		grant    policy.Grant
		want     string
		listable bool
	}{
		"two workflows":  {policy.Grant{Role: policy.Operator, Workflows: []string{"b-flow", "a-flow"}, Team: "shop"}, "[a-flow b-flow]", false},
		"every workflow": {policy.Grant{Role: policy.Viewer}, "[]", true},
		"a beginning":    {policy.Grant{Role: policy.Operator, WorkflowPrefixes: []string{"deploy-"}}, "[]", false},
	} {
		client, _ := w.as(w.policy(c.grant))
		acl, err := client.ResultantACL(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names, listable := person.Workflows(acl, root.Mount, root.Prefix)
		if got := fmt.Sprint(names); got != c.want || listable != c.listable {
			t.Errorf("%s: %s, listable %t", name, got, listable)
		}
		if teams := person.Teams(acl, root.Mount); fmt.Sprint(teams) != fmt.Sprint(map[bool]string{true: "[shop]", false: "[]"}[c.grant.Team != ""]) {
			t.Errorf("%s: teams %v", name, teams)
		}
	}
}
