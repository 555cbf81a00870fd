// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// mountOf makes a mount for this test, of KV version 1 or 2, and returns an address in it
// and a writer's token for it. No version makes no mount.
func mountOf(t *testing.T, v *vaulttest.Vault, version string) (Address, string) {
	t.Helper()
	a := testAddress(t)
	a.Mount = a.Group
	if version != "" {
		body := map[string]any{"type": "kv", "options": map[string]any{"version": version}}
		if status, _ := v.Call(t, v.RootToken, http.MethodPost, "sys/mounts/"+a.Mount, body); status != http.StatusNoContent {
			t.Fatalf("making the mount: status %d", status)
		}
	}
	return a, v.Token(t, writerLines(a.Scope)...)
}

// TestValueStaysHereUnlessTheMountIsVersion2: nothing is sent to data/, and an absent mount
// is not empty. It also holds where a proxy hides what the mount is.
func TestValueStaysHereUnlessTheMountIsVersion2(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, row := range []struct{ name, version, want string }{
		{"version 1", "1", "vault kv enable-versioning"},
		{"no mount", "", "no KV v2 secrets engine found at mount"},
		{"version 2", "2", ""},
	} {
		for _, hidden := range []bool{false, true} {
			name := row.name
			if hidden {
				name += ", hidden"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx := context.Background()
				a, token := mountOf(t, v, row.version)
				c, proxy := realClient(t, token, shop)
				if hidden {
					proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
						if strings.Contains(r.URL.Path, "sys/internal/") {
							return vaulttest.FailWith(http.StatusForbidden)
						}
						return vaulttest.Action{}
					})
				}
				names, listErr := c.List(ctx, a.Scope)
				_, describeErr := c.Describe(ctx, a)
				_, putErr := c.Put(ctx, Write{Address: a, Value: NewValue("one")})
				survey, surveyErr := c.Survey(ctx, a.Scope)
				for what, err := range map[string]error{"list": listErr, "describe": describeErr, "put": putErr, "survey": surveyErr} {
					wantErrorOrNone(t, what, err, row.want)
					if err != nil && (!errors.Is(err, ErrMount) || !AffectsAll(err) || SharedCause(err) == "") {
						t.Errorf("%s: not an error of the mount: %v", what, err)
					}
				}
				if sent := dataRequests(proxy); row.want != "" && (sent != "" || len(names.Manageable) > 0) {
					t.Errorf("a value was sent: %s", sent)
				}
				if row.want == "" && len(survey.Entries) != 1 {
					t.Errorf("the survey has %d entries", len(survey.Entries))
				}
				if n := mountRequests(proxy); n != 1 && row.want == "" { // a failure is not kept
					t.Errorf("Vault was asked %d times what the mount is", n)
				}
				proxy.AssertBlind(t)
			})
		}
	}
}

func dataRequests(p *vaulttest.Proxy) string {
	var out []string
	for _, r := range p.Requests() {
		if strings.Contains(r.Path, "/data/") {
			out = append(out, r.Method+" data")
		}
	}
	return strings.Join(out, ", ")
}

func mountRequests(p *vaulttest.Proxy) (n int) {
	for _, r := range p.Requests() {
		if strings.Contains(r.Path, "sys/internal/ui/mounts/") {
			n++
		}
	}
	return n
}

// TestMountHasAnIdentity: a mount that is made again has another UUID, which shows that all
// secrets in it are gone.
func TestMountHasAnIdentity(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	a, token := mountOf(t, v, "2")
	uuid := func() string {
		c, _ := realClient(t, token, shop)
		info, err := c.Mount(context.Background(), a.Scope)
		if err != nil || info.UUID == "" {
			t.Fatalf("%+v, %v", info, err)
		}
		return info.UUID
	}
	first := uuid()
	if again := uuid(); again != first {
		t.Errorf("the mount is %s and then %s", first, again)
	}
	v.Call(t, v.RootToken, http.MethodDelete, "sys/mounts/"+a.Mount, nil)
	v.Call(t, v.RootToken, http.MethodPost, "sys/mounts/"+a.Mount, map[string]any{"type": "kv", "options": map[string]any{"version": "2"}})
	if again := uuid(); again == first {
		t.Error("a mount that was made again is the same one")
	}
}

// TestSurveyNamesScopesWithoutEntries: a mistyped workflow looks like one without secrets.
func TestSurveyNamesScopesWithoutEntries(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, _ := realClient(t, v.Writer(t), shop)
	used, mistyped := testAddress(t), testAddress(t)
	v.Write(t, used.Group, used.Name, "x")
	v.SoftDelete(t, used.Group, used.Name)
	seen, err := c.Survey(context.Background(), used.Scope, mistyped.Scope)
	if err != nil || len(seen.Empty) != 1 || seen.Empty[0] != mistyped.Scope {
		t.Errorf("empty: %v, %v", seen.Empty, err)
	}
}
