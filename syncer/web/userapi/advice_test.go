// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestAdviceOfAnErrorLeadsToSuccess follows the hint of each error.
func TestAdviceOfAnErrorLeadsToSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	all, secret := w.secretPath(""), w.secretPath("key")
	advises := func(got answer, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(got.Error.Formatted.Friendly, text) {
				t.Errorf("%d %s, want %q", got.Status, got.Text, text)
			}
		}
	}
	succeeds := func(got answer) {
		t.Helper()
		if got.Status >= http.StatusBadRequest {
			t.Errorf("after the advice: %d %s", got.Status, got.Text)
		}
	}

	const logIn = "use that token: vault print token | relay auth login --stdin"
	advises(w.sendAs(t, "", http.MethodGet, all, "", nil), "no Vault token was sent", logIn)
	advises(w.sendAs(t, "", http.MethodGet, all, "", http.Header{"Cookie": {"a=b"}}), "this API reads no cookies; send your Vault token as Authorization: Bearer TOKEN", logIn)
	advises(w.sendAs(t, "", http.MethodGet, all, "", http.Header{"Authorization": {"Basic x"}}), "the header must be Authorization: Bearer TOKEN, once", logIn)
	succeeds(w.sendAs(t, w.token, http.MethodGet, all, "", nil))

	advises(w.send(t, http.MethodGet, "/api/nothing", ""), "no operation of this API has this path", "Hint: GET /api/openapi.json lists all operations")
	advises(w.sendAs(t, w.token, http.MethodPost, all, "a=b", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}),
		"Hint: send JSON with the header Content-Type: application/vnd.puppet.relay.v20200615+json")
	advises(w.send(t, http.MethodPut, secret, secretBody(t, "", "1")), "Hint: GET the list for the names that exist; POST creates a new one")
	succeeds(w.send(t, http.MethodPost, all, secretBody(t, "key", "1")))
	advises(w.send(t, http.MethodPost, all, secretBody(t, "key", "2")), "already exists; nothing was written", "Hint: replace its value with PUT")
	succeeds(w.send(t, http.MethodPut, secret, secretBody(t, "", "2")))

	w.vault.Write(t, w.workflow, "key", "outside")
	advises(w.send(t, http.MethodDelete, secret, ""), "overwritten by another writer; nothing was deleted", "Hint: replace its value with PUT, and then delete it")
	succeeds(w.send(t, http.MethodPut, secret, secretBody(t, "", "3")))
	succeeds(w.send(t, http.MethodDelete, secret, ""))

	got := w.send(t, http.MethodPost, all, secretBody(t, "long", strings.Repeat("a", 10_240)))
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "if it was longer, set it on the web page or with relay-sync secret set") {
		t.Errorf("a value that may be cut: %s", got.Text)
	}
	w.vault.Write(t, w.workflow, "theirs", "1")
	advises(w.sendAs(t, w.person(t, policy.Operator), http.MethodPut, w.secretPath("theirs"), secretBody(t, "", "2"), nil), "Hint: only a takeover changes it, on the web page")
	advises(w.send(t, http.MethodGet, "/api/workflows/"+w.workflow+"/revisions/none", ""), "only the latest one is known", "Hint: the workflow has its id in latest_revision")
}

func TestAdviceWithoutADomainNamesTheSetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), func(cfg *Config) { cfg.Domain = "" })
	got := w.send(t, http.MethodGet, "/api/connections", "")
	if want := "this server has no connections\nHint: an administrator sets the domain in its configuration: vault.domain"; !strings.Contains(got.Error.Formatted.Friendly, want) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

// TestLostAnswerAdvisesToListFirst follows the hints after an unknown outcome and after a
// conflict.
func TestLostAnswerAdvisesToListFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	w.create(t, "key", "1")
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.CutAt(vaulttest.After)
		}
		return vaulttest.Action{}
	})
	got := w.send(t, http.MethodPut, w.secretPath("key"), secretBody(t, "", "2"))
	if want := "Hint: the change may have been made. List the secrets before you send the request again: the version on the web page shows whether it was"; !strings.Contains(got.Error.Formatted.Friendly, want) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	w.proxy.Reset()
	if got = w.send(t, http.MethodGet, w.secretPath(""), ""); got.Status != http.StatusOK {
		t.Errorf("list: %d", got.Status)
	}
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") && r.Method != http.MethodGet {
			w.vault.Write(t, w.workflow, "key", "in between")
		}
		return vaulttest.Action{}
	})
	got = w.send(t, http.MethodPut, w.secretPath("key"), secretBody(t, "", "3"))
	if want := "Hint: list the secrets, and send the request again if it is still right"; got.Status != http.StatusConflict || !strings.Contains(got.Error.Formatted.Friendly, want) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	w.proxy.Reset()
	if got = w.send(t, http.MethodPut, w.secretPath("key"), secretBody(t, "", "3")); got.Status != http.StatusOK {
		t.Errorf("again: %d %s", got.Status, got.Text)
	}
}
