// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

func TestConnectionThatExistsIsNotAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Administrator, nil))
	form := url.Values{"type": {"github"}, "name": {"main"}, "field.accessToken": {"hunter2"}}
	if r := b.post("/connections/add", form); r.status != http.StatusSeeOther {
		t.Fatalf("add: %d\n%s", r.status, r.body)
	}
	r := b.post("/connections/add", form)
	if r.status != http.StatusConflict || !strings.Contains(r.body, "a connection with this type and name already exists; replace it instead") {
		t.Errorf("add again: %d\n%s", r.status, r.body)
	}
	page := b.get("/connections/github/main/replace")
	for _, name := range []string{"seen_version", "seen_created", "seen_owner", "last_owner"} {
		form.Set(name, between(page.body, `name="`+name+`" value="`, `"`))
	}
	form.Set("live", "1")
	if r := b.post("/connections/github/main/replace", form); r.status != http.StatusSeeOther {
		t.Errorf("replace: %d\n%s", r.status, r.body)
	}
	if r := b.post("/connections/github/main/replace", form); r.status != http.StatusConflict || !strings.Contains(r.body, "Changed in the meantime") {
		t.Errorf("replace of what the page showed before: %d\n%s", r.status, r.body)
	}
}

// between is the text between two others.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
