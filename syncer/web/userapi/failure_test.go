// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/cause"
)

func TestEachErrorHasAStatusAndANextStep(t *testing.T) {
	t.Parallel()
	at := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("a")
	elsewhere := secrets.Scope{Mount: "kv", Prefix: "a/b", Group: "my flow"}.Secret("a")
	vault := func(cause error, status int) error {
		return fmt.Errorf("secret deploy/a: %w", &kv.Error{Op: "write", Path: "customers/data/workflows/deploy/a", Status: status, Cause: cause})
	}
	missing := &secrets.MissingCapabilityError{Address: at, Rules: []string{`path "customers/data/workflows/deploy/+" { capabilities = ["create"] }`}}
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"invalid name":        {secrets.CheckName("secret", "a/b"), 422, "it contains"},
		"another owner":       {&secrets.NotOwnerError{Address: at, Owner: "terraform/shop"}, 409, "relay-sync secret set deploy/a --adopt --reason ..."},
		"in another mount":    {&secrets.NotOwnerError{Address: elsewhere}, 409, "relay-sync secret set --mount kv --prefix a/b 'my flow/a' --adopt --reason ..."},
		"a connection":        {&secrets.NotOwnerError{Address: secrets.Address{Scope: secrets.Scope{Kind: secrets.Connection, Group: "aws"}, Name: "a"}}, 409, "takeover changes it, on the web page"},
		"changed meanwhile":   {fmt.Errorf("secret deploy/a: %w", secrets.ErrConflict), 409, "Hint: list the secrets"},
		"missing capability":  {missing, 403, `path "customers/data/workflows/deploy/+" { capabilities = ["create"] }`},
		"permission denied":   {vault(kv.ErrPermissionDenied, 403), 403, "permission denied"},
		"token rejected":      {fmt.Errorf("look up: %w", secrets.ErrTokenRejected), 401, "relay auth login --stdin"},
		"token revoked":       {vault(kv.ErrInvalidToken, 403), 401, "relay auth login --stdin"},
		"no entity":           {person.ErrNoEntity, 403, "vault login -method=userpass"},
		"batch token":         {person.ErrBatchToken, 403, "batch token"},
		"not in the team":     {fmt.Errorf("team %q: %w", "shop", person.ErrNotMember), 403, "may not act for this team"},
		"outcome unknown":     {fmt.Errorf("%w: the answer was lost (%w)", secrets.ErrOutcomeUnknown, vault(kv.ErrUnavailable, 502)), 502, "may have been made"},
		"without record":      {fmt.Errorf("%w: %w", secrets.ErrNoRecord, vault(kv.ErrSealed, 503)), 502, "record"},
		"sealed":              {vault(kv.ErrSealed, 503), 503, "Vault is sealed; unseal it"},
		"unreachable":         {&kv.Error{Op: "connect to", Path: "https://vault.internal:8200", Cause: kv.ErrUnreachable}, 503, "connection failed"},
		"TLS":                 {&kv.Error{Op: "connect to", Path: "https://vault.internal:8200", Cause: kv.ErrTLSName}, 502, "certificate of Vault is not trusted"},
		"rate limit of Vault": {vault(kv.ErrRateLimited, 429), 429, "rate limit"},
		"rejected":            {vault(kv.ErrRejected, 400), 502, "Vault rejected the request"},
		"canceled":            {context.Canceled, 500, "canceled"},
		"unknown":             {errors.New("not recorded: disk full"), 500, "disk full"},
	} {
		got := failureOf(c.err)
		if got.kind.status != c.status || !strings.Contains(got.text, c.text) || strings.Contains(got.text, "vault.internal") || !errors.Is(got, c.err) {
			t.Errorf("%s: %d %s", name, got.kind.status, got.text)
		}
		if (got.retryAfter != "") != (c.status == 503 || c.status == 429) {
			t.Errorf("%s: Retry-After %q", name, got.retryAfter)
		}
	}
}

// TestStatusIsThatOfTheCause: of the pages, too.
func TestStatusIsThatOfTheCause(t *testing.T) {
	t.Parallel()
	for c := cause.Unknown; c <= cause.VaultAnswer; c++ {
		if kinds[c].status != c.Status() {
			t.Errorf("cause %d: status %d, and %d on a page", c, kinds[c].status, c.Status())
		}
	}
}

func TestEnvelopeIsATemplateWithoutVariables(t *testing.T) {
	t.Parallel()
	e := &failure{kind: invalid, text: "a {{{{b}}\x1b[2J\nc", fields: map[string]string{"name": "{{#each}}"}}
	w := httptest.NewRecorder()
	fail(w, e)
	var body map[string]envelope
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || !strings.HasSuffix(w.Body.String(), "\n") {
		t.Fatalf("%s: %v", w.Body, err)
	}
	got := body["error"]
	if strings.Contains(got.Description.Friendly, "{{") || !strings.Contains(got.Formatted.Friendly, "a {{{{b}}") || strings.Contains(got.Formatted.Friendly, "\x1b") {
		t.Errorf("%+v", got)
	}
	if item := got.Items["name"]; strings.Contains(item.Description.Friendly, "{{") || item.Code != "relay_sync_api_invalid_field_error" {
		t.Errorf("%+v", item)
	}
}
