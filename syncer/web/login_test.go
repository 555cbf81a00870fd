// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

func TestWorkflowPageNeedsASessionAndReturnsAfterLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	page := "/workflows/" + w.workflow
	if r := w.browser(t).get(page); r.status != http.StatusSeeOther || r.header.Get("Location") != "/login?next=%2Fworkflows%2F"+w.workflow {
		t.Errorf("without a session: %d, %s", r.status, r.header.Get("Location"))
	}
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	if r := b.get(page); r.status != http.StatusOK || !strings.Contains(r.body, "This workflow has no secrets yet.") {
		t.Errorf("with a session: %d\n%s", r.status, r.body)
	}
}

func TestAddSecretInABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.open(t, w.rules(t, policy.Operator, nil))
	tab.Open(w.url + "/workflows/" + w.workflow)
	tab.Follow("link", "Add secret")
	tab.Fill("Name", "db_password")
	tab.Fill("Value", "hunter2")
	tab.Follow("button", "Add secret")
	if text := tab.Text(); !strings.Contains(text, "Added db_password.") || strings.Contains(tab.HTML(), "hunter2") {
		t.Errorf("after the write:\n%s", text)
	}
	if value, ok := w.ReadAs(t, w.Reader(t, w.workflow), w.workflow, "db_password"); !ok || value != "hunter2" {
		t.Errorf("a step reads %q, %v", value, ok)
	}
}
