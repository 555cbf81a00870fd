// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestSecretIsCreatedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	reader := w.reader(t)
	if got := w.send(t, http.MethodGet, w.secretPath(""), ""); got.Status != http.StatusOK || len(got.Secrets) != 0 {
		t.Errorf("list of a new workflow: %d %s", got.Status, got.Text)
	}
	for name, value := range map[string]string{
		"a b@c.d-e_f": "two\nlines\r\nand one without a newline", "名前": "日本語 😀", "encoded": "base64:aGVsbG8=", "newline": "a\n",
	} {
		w.create(t, name, "former "+value)
		got := w.send(t, http.MethodPut, w.secretPath(name), secretBody(t, "", value))
		if read, _ := reader.Secret(w.workflow, name); got.Status != http.StatusOK || got.Secret.Name != name || read != value {
			t.Errorf("replace %s: %d %s, read %q", name, got.Status, got.Text, read)
		}
	}
	w.send(t, http.MethodPost, w.secretPath(""), `{"name":"bytes","value":{"$encoding":"base64","data":"AP+A"}}`)
	if read, _ := reader.Secret(w.workflow, "bytes"); read != "\x00\xff\x80" {
		t.Errorf("bytes: %q", read)
	}
	if got := w.send(t, http.MethodGet, w.secretPath(""), ""); len(got.Secrets) != 5 || !slices.Contains(got.Secrets, named{"名前"}) {
		t.Errorf("list: %s", got.Text)
	}
	if got := w.send(t, http.MethodDelete, w.secretPath("newline"), ""); got.Status != http.StatusOK || !got.Success || got.ResourceID != "newline" {
		t.Errorf("delete: %d %s", got.Status, got.Text)
	}
	if _, found := reader.Secret(w.workflow, "newline"); found {
		t.Error("the deleted secret can be read")
	}
	w.create(t, "newline", "again")
	for _, want := range []string{`"action":"add","workflow":"` + w.workflow, `"action":"delete"`, `"owner":"person/`, `"by":"web"`} {
		if !strings.Contains(w.audit(t), want) {
			t.Errorf("audit lines without %s:\n%s", want, w.audit(t))
		}
	}
}

func TestValueIsNeverReturnedLoggedOrRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	canary := vaulttest.Canary(t)
	outputs := map[string][]byte{}
	for i, request := range []struct{ method, path, body string }{
		{http.MethodPost, w.secretPath(""), secretBody(t, "a", canary)},
		{http.MethodPost, w.secretPath(""), secretBody(t, "a", canary)},
		{http.MethodPut, w.secretPath("a"), secretBody(t, "", canary)},
		{http.MethodPut, w.secretPath("absent"), secretBody(t, "", canary)},
		{http.MethodPut, w.secretPath("a"), `{"value":"` + canary + `","value":"x"}`},
		{http.MethodPut, w.secretPath("a"), `{"` + canary + `":"x"}`},
		{http.MethodPut, w.secretPath("a"), `{"value":["` + canary + `"]}`},
		{http.MethodPut, w.secretPath("a"), `{"value":{"$encoding":"` + canary + `","data":"` + canary + `"}}`},
		{http.MethodPut, w.secretPath("a"), `{"value":"` + canary},
		{http.MethodPut, w.secretPath("a"), secretBody(t, "", canary+strings.Repeat("a", 64<<10))},
		{http.MethodPost, "/api/connections", `{"name":"a","type":"github","auth":{"type":"secret","fields":{"accessToken":"` + canary + `"}}}`},
		{http.MethodGet, "/api/connections/github:a", ""},
		{http.MethodGet, w.secretPath(""), ""},
	} {
		got := w.send(t, request.method, request.path, request.body)
		outputs[fmt.Sprintf("response %d", i)] = []byte(got.Text + fmt.Sprint(got.Header))
	}
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.CutAt(vaulttest.After)
		}
		return vaulttest.Action{}
	})
	lost := w.send(t, http.MethodPut, w.secretPath("a"), secretBody(t, "", canary))
	if lost.Status != http.StatusBadGateway || lost.Error.Code != "relay_sync_api_outcome_unknown_error" || !strings.Contains(lost.Error.Description.Friendly, "may have been made") {
		t.Errorf("a lost answer: %d %s", lost.Status, lost.Text)
	}
	outputs["lost answer"], outputs["log"], outputs["audit"] = []byte(lost.Text), w.log.bytes(), []byte(w.audit(t))
	if len(outputs["log"]) == 0 {
		t.Error("the lost answer is not in the log")
	}
	vaulttest.AssertNoCanary(t, canary, outputs)
	for _, r := range w.proxy.Requests() {
		if strings.Contains(r.Path, "/data/") && r.Method == http.MethodGet || strings.Contains(r.Path, "subkeys") {
			t.Errorf("a value was read: %s %s", r.Method, r.Path)
		}
	}
	vaulttest.AssertNoCanary(t, w.token, outputs)
}

func TestSecretOfAnotherOwnerStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	reader, other := w.reader(t), w.person(t, policy.Operator)
	w.create(t, "owned", "first")
	w.vault.Write(t, w.workflow, "unmanaged", "first")
	for name, request := range map[string]struct{ method, body string }{
		"replace": {http.MethodPut, secretBody(t, "", "second")}, "delete": {http.MethodDelete, ""},
	} {
		for _, secret := range []string{"owned", "unmanaged"} {
			got := w.sendAs(t, other, request.method, w.secretPath(secret), request.body, nil)
			if got.Status != http.StatusConflict || !strings.Contains(got.Error.Description.Friendly, "relay-sync secret set "+w.workflow+"/"+secret+" --adopt") {
				t.Errorf("%s %s: %d %s", name, secret, got.Status, got.Text)
			}
		}
	}
	got := w.sendAs(t, other, http.MethodPost, w.secretPath(""), secretBody(t, "owned", "second"), nil)
	if got.Status != http.StatusConflict || !strings.Contains(got.Error.Formatted.Friendly, "owned by person/") {
		t.Errorf("create: %d %s", got.Status, got.Text)
	}
	for name, value := range reader.Secrets(w.workflow) {
		if value != "first" {
			t.Errorf("%s: %q", name, value)
		}
	}
}

func TestRequestThatDoesNotFitWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	w.create(t, "a", "first")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		text, item         string
	}{
		"create what exists":       {http.MethodPost, w.secretPath(""), secretBody(t, "a", "second"), 409, "already exists", ""},
		"replace what is absent":   {http.MethodPut, w.secretPath("b"), secretBody(t, "", "second"), 404, "POST creates a new one", ""},
		"delete what is absent":    {http.MethodDelete, w.secretPath("b"), "", 404, "not found", ""},
		"a slash in a path":        {http.MethodPut, w.secretPath("../../connections/x"), secretBody(t, "", "second"), 422, "invalid request", "secret"},
		"dots in a path":           {http.MethodDelete, "/api/workflows/%2E%2E/secrets/a", "", 422, "invalid request", "workflow"},
		"a plus in a path":         {http.MethodGet, "/api/workflows/+/secrets", "", 422, "invalid request", "workflow"},
		"a slash in a name":        {http.MethodPost, w.secretPath(""), secretBody(t, "a/b", "second"), 422, "invalid request", "name"},
		"a template in a name":     {http.MethodPost, w.secretPath(""), secretBody(t, "{{#each}}", "second"), 422, "invalid request", "name"},
		"no value":                 {http.MethodPut, w.secretPath("a"), `{}`, 422, "invalid request", "value"},
		"an empty value":           {http.MethodPut, w.secretPath("a"), `{"value":""}`, 422, "invalid request", "value"},
		"a value over the limit":   {http.MethodPut, w.secretPath("a"), secretBody(t, "", strings.Repeat("a", 64<<10+1)), 422, "larger than the limit", ""},
		"bytes over the limit":     {http.MethodPut, w.secretPath("a"), secretBody(t, "", strings.Repeat("\x00", 50<<10)), 422, "base64, which is larger by a third, so it may have at most 49146 bytes", ""},
		"a body over the limit":    {http.MethodPut, w.secretPath("a"), secretBody(t, "", strings.Repeat("a", 500<<10)), 413, "larger than the limit of 65536 bytes", ""},
		"two values":               {http.MethodPut, w.secretPath("a"), `{"value":"second","value":"third"}`, 400, "duplicate key", ""},
		"an unknown path":          {http.MethodGet, "/api/tokens", "", 404, "GET /api/openapi.json", ""},
		"a method that is missing": {http.MethodPatch, w.secretPath("a"), `{}`, 405, "DELETE, PUT", ""},
		"a preflight request":      {http.MethodOptions, w.secretPath("a"), "", 405, "DELETE, PUT", ""},
	} {
		got := w.send(t, c.method, c.path, c.body)
		if got.Status != c.status || !strings.Contains(got.Error.Description.Friendly, c.text) || c.item != "" && got.Error.Items[c.item].Title == "" {
			t.Errorf("%s: %d %s", name, got.Status, got.Text)
		}
	}
	if read := w.reader(t).Secrets(w.workflow); len(read) != 1 || read["a"] != "first" {
		t.Errorf("written: %v", read)
	}
}

func TestWriteIsCheckedAgainstTheObservation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	for name, request := range map[string]struct{ method, body string }{
		"replaced": {http.MethodPut, secretBody(t, "", "second")}, "deleted": {http.MethodDelete, ""},
	} {
		w.proxy.Reset()
		w.create(t, name, "first")
		observed := false
		w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			isRead := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/metadata/workflows/"+w.workflow+"/"+name)
			if observed && (isRead || strings.Contains(r.URL.Path, "/data/")) {
				w.vault.Write(t, w.workflow, name, "of another writer")
				observed = false
			}
			observed = observed || isRead && !w.overwritten(t, name)
			return vaulttest.Action{}
		})
		if got := w.send(t, request.method, w.secretPath(name), request.body); got.Status != http.StatusConflict {
			t.Errorf("%s: %d %s", name, got.Status, got.Text)
		}
	}
	for name, value := range w.reader(t).Secrets(w.workflow) {
		if value != "of another writer" {
			t.Errorf("%s: read %q", name, value)
		}
	}
}

// overwritten reports whether a secret has a second version.
func (w *world) overwritten(t testing.TB, name string) bool {
	t.Helper()
	return fmt.Sprint(w.vault.Metadata(t, w.workflow, name)["current_version"]) != "1"
}

func TestOverwrittenSecretIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	w.create(t, "a", "first")
	w.vault.Write(t, w.workflow, "a", "of another writer")
	got := w.send(t, http.MethodDelete, w.secretPath("a"), "")
	if read, _ := w.reader(t).Secret(w.workflow, "a"); got.Status != http.StatusConflict || read != "of another writer" {
		t.Errorf("delete: %d %s, read %q", got.Status, got.Text, read)
	}
	if got := w.send(t, http.MethodPut, w.secretPath("a"), secretBody(t, "", "second")); got.Status != http.StatusOK {
		t.Errorf("replace: %d %s", got.Status, got.Text)
	}
	if got := w.send(t, http.MethodDelete, w.secretPath("a"), ""); got.Status != http.StatusOK {
		t.Errorf("delete what was replaced: %d %s", got.Status, got.Text)
	}
}

func TestValueOf10240BytesIsWrittenWithAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	got := w.send(t, http.MethodPost, w.secretPath(""), secretBody(t, "a", strings.Repeat("a", truncated)))
	if got.Status != http.StatusCreated || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "10240 bytes") {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestRepairMayTakeLongerThanTheServersDeadlines(t *testing.T) {
	t.Parallel()
	const deadline = 2 * time.Second
	w := newWorld(t, vaulttest.Start(t), func(c *Config) { c.Settings.Settle = 2 * deadline })
	w.create(t, "a", "first")
	server := httptest.NewUnstartedServer(w.handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = deadline, deadline
	server.Start()
	t.Cleanup(server.Close)
	w.address = server.URL
	w.vault.Write(t, w.workflow, "a", "of another writer")
	if got := w.send(t, http.MethodPut, w.secretPath("a"), secretBody(t, "", "second")); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestTeamOwnsWhatItsMembersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	team := "team-" + w.workflow[len(w.workflow)-10:]
	rules, err := policy.For(policy.Grant{Role: policy.Operator, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow}, Team: team})
	if err != nil {
		t.Fatal(err)
	}
	ada, _ := w.vault.Person(t, rules)
	bob, _ := w.vault.Person(t, rules)
	as := http.Header{TeamHeader: {team}}
	if got := w.sendAs(t, ada, http.MethodPost, w.secretPath(""), secretBody(t, "a", "first"), as); got.Status != http.StatusCreated {
		t.Errorf("create: %d %s", got.Status, got.Text)
	}
	if got := w.sendAs(t, bob, http.MethodPut, w.secretPath("a"), secretBody(t, "", "second"), as); got.Status != http.StatusOK {
		t.Errorf("replace by another member: %d %s", got.Status, got.Text)
	}
	got := w.sendAs(t, bob, http.MethodPut, w.secretPath("a"), secretBody(t, "", "third"), nil)
	if got.Status != http.StatusConflict || !strings.Contains(got.Error.Formatted.Friendly, "owned by team/"+team) {
		t.Errorf("replace as a person: %d %s", got.Status, got.Text)
	}
	got = w.sendAs(t, w.token, http.MethodPut, w.secretPath("a"), secretBody(t, "", "third"), as)
	if got.Status != http.StatusForbidden || !strings.Contains(got.Error.Description.Friendly, "relay-sync/teams/"+team) {
		t.Errorf("who is not a member: %d %s", got.Status, got.Text)
	}
	if audit := w.audit(t); !strings.Contains(audit, `"owner":"team/`+team+`","person":"person/`) {
		t.Errorf("audit lines:\n%s", audit)
	}
}

func TestVaultGetsTheAddressOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	var other atomic.Int32
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if !strings.HasPrefix(r.Header.Get("X-Forwarded-For"), "192.0.2.7") || r.Header.Get("X-Vault-Token") != w.token || r.Header.Get("Cookie") != "" {
			other.Add(1)
		}
		return vaulttest.Action{}
	})
	got := w.sendAs(t, w.token, http.MethodPost, w.secretPath(""), secretBody(t, "a", "x"), http.Header{"X-Forwarded-For": {"203.0.113.9"}, "Cookie": {"a=b"}})
	if got.Status != http.StatusCreated || other.Load() != 0 || len(w.proxy.Requests()) == 0 {
		t.Errorf("%d %s; %d requests with another address or token", got.Status, got.Text, other.Load())
	}
}

func TestSealedVaultIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.StartOwn(t), nil)
	w.vault.Seal(t)
	got := w.send(t, http.MethodPost, w.secretPath(""), secretBody(t, "a", "x"))
	if got.Status != http.StatusServiceUnavailable || got.Error.Description.Friendly != "Vault is sealed; unseal it" || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}
