// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestConnectionIsCreatedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	reader := w.reader(t)
	body := `{"name":"my prod","type":"aws","auth":{"type":"secret","fields":{"accessKeyID":"AKIA","secretAccessKey":"first"}}}`
	got := w.send(t, http.MethodPost, "/api/connections", body)
	if got.Status != http.StatusCreated || got.Connection["id"] != "aws:my prod" || got.Connection["created_at"] != got.Connection["updated_at"] {
		t.Fatalf("create: %d %s", got.Status, got.Text)
	}
	path := "/api/connections/aws:my%20prod"
	if again := w.send(t, http.MethodPost, "/api/connections", body); again.Status != http.StatusConflict {
		t.Errorf("create again: %d %s", again.Status, again.Text)
	}
	replaced := w.send(t, http.MethodPut, path, `{"name":"my prod","auth":{"type":"secret","fields":{"accessKeyID":"AKIA","secretAccessKey":{"$encoding":"base64","data":"AP8="},"extra":"x"}}}`)
	if replaced.Status != http.StatusOK || len(replaced.Warnings) != 1 || replaced.Connection["updated_at"] == replaced.Connection["created_at"] {
		t.Errorf("replace: %d %s", replaced.Status, replaced.Text)
	}
	fields, _ := reader.Connection(w.domain, "aws", "my prod")
	if diff := cmp.Diff(map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "\x00\xff", "extra": "x"}, fields); diff != "" {
		t.Error(diff)
	}
	one := w.send(t, http.MethodGet, path, "")
	if diff := cmp.Diff(replaced.Connection, one.Connection); diff != "" {
		t.Error(diff)
	}
	list := w.send(t, http.MethodGet, "/api/connections", "")
	if diff := cmp.Diff([]map[string]any{one.Connection}, list.Connections); diff != "" {
		t.Error(diff)
	}
	other := w.person(t, policy.Administrator)
	if got := w.sendAs(t, other, http.MethodDelete, path, "", nil); got.Status != http.StatusConflict {
		t.Errorf("delete that of another owner: %d %s", got.Status, got.Text)
	}
	if got := w.send(t, http.MethodDelete, path, ""); got.Status != http.StatusOK || got.ResourceID != "aws:my prod" {
		t.Errorf("delete: %d %s", got.Status, got.Text)
	}
	if _, found := reader.Connection(w.domain, "aws", "my prod"); found {
		t.Error("the deleted connection can be read")
	}
	if list := w.send(t, http.MethodGet, "/api/connections", ""); len(list.Connections) != 0 {
		t.Errorf("list after the deletion: %s", list.Text)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if got := w.send(t, method, path, ""); got.Status != http.StatusNotFound {
			t.Errorf("%s after the deletion: %d %s", method, got.Status, got.Text)
		}
	}
}

func TestConnectionThatIsInvalidIsNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	const fields = `"auth":{"type":"secret","fields":{"accessToken":"x"}}`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		item               string
	}{
		"a type that is a UUID": {http.MethodPost, "/api/connections", `{"name":"a","type":"00000000-0000-4000-8000-000000000000",` + fields + `}`, 422, "type"},
		"a colon in a name":     {http.MethodPost, "/api/connections", `{"name":"a:b","type":"github",` + fields + `}`, 422, "name"},
		"no auth":               {http.MethodPost, "/api/connections", `{"name":"a","type":"github"}`, 422, "auth"},
		"a required field":      {http.MethodPost, "/api/connections", `{"name":"a","type":"aws",` + fields + `}`, 422, "auth.fields"},
		"another login":         {http.MethodPost, "/api/connections", `{"name":"a","type":"github","auth":{"type":"oauth2","fields":{"accessToken":"x"}}}`, 422, "auth.type"},
		"an id without a type":  {http.MethodGet, "/api/connections/a", "", 422, "connection"},
		"a path in an id":       {http.MethodGet, "/api/connections/github:..%2F..%2Fworkflows", "", 422, "name"},
		"a new name":            {http.MethodPut, "/api/connections/github:a", `{"name":"b",` + fields + `}`, 422, "name"},
		"an absent one":         {http.MethodPut, "/api/connections/github:a", `{` + fields + `}`, 404, ""},
	} {
		got := w.send(t, c.method, c.path, c.body)
		if got.Status != c.status || c.item != "" && got.Error.Items[c.item].Title == "" {
			t.Errorf("%s: %d %s", name, got.Status, got.Text)
		}
	}
	if all := w.reader(t).Connections(w.domain); len(all) != 0 {
		t.Errorf("written: %v", all)
	}
	without := newWorld(t, w.vault, func(c *Config) { c.Domain = "" })
	if got := without.send(t, http.MethodGet, "/api/connections", ""); got.Status != http.StatusNotFound {
		t.Errorf("without a domain: %d %s", got.Status, got.Text)
	}
}
