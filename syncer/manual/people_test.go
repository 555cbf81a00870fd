// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

func TestSessionOfATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings.Team = "shop"
	ada := w.as(w.grant(policy.Grant{Role: policy.Operator, Team: "shop"}))
	if ada.Owner() != "team/shop" {
		t.Errorf("owned by %s", ada.Owner())
	}
	a := w.secret("token")
	w.done(ada.SetSeen(t.Context(), a, secrets.Seen{}, secrets.NewValue("one"), false))
	if text := w.audited(); !strings.Contains(text, `"owner":"team/shop","person":"person/`) {
		t.Error(text)
	}
	bob := w.as(w.grant(policy.Grant{Role: policy.Operator, Team: "shop"}))
	w.done(bob.SetSeen(t.Context(), a, w.seen(bob, a), secrets.NewValue("two"), false))

	token, _ := w.vault.Person(t, w.grant(policy.Grant{Role: policy.Operator}))
	client := w.clients.WithToken(token, "")
	identity, err := person.Identify(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewSession(t.Context(), client, identity, w.settings); !errors.Is(err, person.ErrNotMember) {
		t.Errorf("not a member: %v", err)
	}
}

func TestTokenWithoutAPersonOnlyLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terraform("token", "one")
	client := w.clients.WithToken(w.vault.Writer(t), "")
	identity, err := person.Identify(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewSession(t.Context(), client, identity, w.settings); !errors.Is(err, person.ErrNoEntity) {
		t.Error(err)
	}
	if _, err := NewApprover(client, identity); !errors.Is(err, person.ErrNoEntity) {
		t.Error(err)
	}
	viewer, err := NewViewer(client, w.settings)
	if err != nil {
		t.Fatal(err)
	}
	found, err := viewer.List(t.Context(), w.workflow)
	if err != nil || len(found.Workflows[0].Rows) != 1 || found.Workflows[0].Rows[0].Owner != "terraform/shop" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestSessionWarnsOfATokenThatCanRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.as(w.grant(policy.Grant{Role: policy.Operator}), fmt.Sprintf(`path "customers/data/workflows/%s/token" { capabilities = ["create", "update", "read"] }`, w.workflow))
	w.done(ada.SetSeen(t.Context(), w.secret("token"), secrets.Seen{}, secrets.NewValue("one"), false))
	if text := w.warned(); !strings.Contains(text, "can read the values that it writes") {
		t.Error(text)
	}
}

func TestApproverOverTheClientOfAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, entity := w.vault.Person(t, w.grant(policy.Grant{Role: policy.Approver, Controller: w.workflow}))
	client := w.clients.WithToken(token, "")
	identity, err := person.Identify(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	approver, err := NewApprover(client, identity)
	if err != nil {
		t.Fatal(err)
	}
	d := plan.Document{Mount: "customers", Controller: w.workflow, Source: "shop"}
	note, err := approver.Approve(t.Context(), d, "checked")
	if err != nil || note.Entity != entity || note.Plan != d.ID() {
		t.Errorf("%+v, %v", note, err)
	}
	if err := approver.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := client.Self(t.Context()); err != nil {
		t.Errorf("Close revoked the token of the person: %v", err)
	}
}

// A page with 20 secrets must be fast.
func TestListOfOneWorkflowSendsOneRequestForEachSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.vault.Write(t, w.workflow, fmt.Sprintf("secret-%d", i), "x")
	}
	ada := w.as(w.grant(policy.Grant{Role: policy.Viewer}))
	w.proxy.Reset()
	found, err := ada.List(t.Context(), w.workflow)
	if err != nil || len(found.Workflows[0].Rows) != 20 {
		t.Fatalf("%+v, %v", found, err)
	}
	count := map[string]int{}
	for _, r := range w.proxy.Requests() {
		switch {
		case strings.HasPrefix(r.Path, "/v1/sys/internal/ui/mounts/"):
			count["mount"]++
		case r.Method == http.MethodGet && r.Query.Get("list") == "true":
			count["list"]++
		case r.Method == http.MethodGet && strings.Contains(r.Path, "/metadata/"):
			count["metadata"]++
		default:
			count[r.Path]++
		}
	}
	if got := fmt.Sprint(count); got != "map[list:1 metadata:20 mount:1]" {
		t.Error(got)
	}
}
