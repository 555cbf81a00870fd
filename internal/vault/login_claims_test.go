// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func TestRejectedTokenIsDescribedByItsClaims(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)
	for _, test := range []struct{ claims, want string }{
		{`{"sub":"system:serviceaccount:prod:deploy","aud":["vault"],"exp":1796068801}`, `The token is of "system:serviceaccount:prod:deploy" for the audience "vault"`},
		{`{"sub":"repo:acme/shop","aud":"https://vault.example.com","exp":1796065200}`,
			`The token is of "repo:acme/shop" for the audience "https://vault.example.com", and expired at 2026-11-30T19:00:00Z`},
		{`{"sub":"a","aud":["b","c"],"exp":1796068799.5}`, `The token is of "a" for the audience "b c", and expired at 2026-11-30T19:59:59Z`},
		{`{"sub":"\u001b[31m","aud":[]}`, `The token is of "\x1b[31m" for the audience ""`},
		{`{"iss":"x"}`, ""},
		{`{"sub":1}`, ""},
		{`[]`, ""},
		{`x`, ""},
	} {
		token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(test.claims)) + ".hunter2"
		got := describeToken(&JWT{}, map[string]any{"role": "r", "jwt": token}, now)
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.claims, got, test.want)
		}
	}
	long := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"` + strings.Repeat("a", 10_000) + `"}`))
	if got := describeToken(&Kubernetes{}, map[string]any{"jwt": "e30." + long + ".hunter2"}, now); len(got) > 1000 || !strings.HasPrefix(got, "The token is of ") {
		t.Errorf("%d bytes: %.100s", len(got), got)
	}
	valid := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"a"}`)) + ".hunter2"
	if got := describeToken(&Kubernetes{}, map[string]any{"jwt": valid}, now); !strings.Contains(got, "cannot ask Kubernetes about the token") {
		t.Error(got)
	}
	for _, login := range []map[string]any{{"role_id": "r", "secret_id": "hunter2"}, {"jwt": "hunter2"}, {"jwt": "a.%.b"}, {"jwt": 1}} {
		if got := describeToken(&Kubernetes{}, login, now); got != "" {
			t.Errorf("%v: %q", login, got)
		}
	}
}
