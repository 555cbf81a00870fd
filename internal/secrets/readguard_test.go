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

func TestReadGuardReportsTokensThatCanRead(t *testing.T) {
	t.Parallel()
	deploy := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	for _, row := range []struct {
		name    string
		granted []string
		want    string
	}{
		{"a writer", []string{"create", "update"}, ""},
		{"a denied one", []string{"deny"}, ""},
		{"one that may delete", []string{"create", "delete", "patch", "update"}, ""},
		{"a reader", []string{"read"}, `remove "read" from its policy`},
		{"a writer that reads", []string{"create", "read", "update"}, `remove "read" from its policy`},
		{"root", []string{"root"}, "root token"},
	} {
		for guard, stops := range map[ReadGuard]bool{IgnoreReadable: false, WarnIfReadable: false, RejectIfReadable: true} {
			report, stopped := guard.objection(reachOf(row.granted), deploy)
			if wantReport := row.want != "" && guard != IgnoreReadable; (report != nil) != wantReport || stopped != (wantReport && stops) {
				t.Errorf("%s under %d: %v, stops: %v", row.name, guard, report, stopped)
			}
			if report != nil && (!errors.Is(report, ErrCanRead) || !strings.Contains(report.Error(), row.want) || !strings.Contains(report.Error(), `path "customers/metadata/workflows/deploy/+" { capabilities = ["read", "patch"] }`)) {
				t.Errorf("%s under %d: %v", row.name, guard, report)
			}
		}
	}
	if _, stops := RejectIfReadable.objection(unknown, deploy); !stops {
		t.Error("a token with unreadable capabilities is accepted")
	}
	if report, stops := WarnIfReadable.objection(unknown, deploy); report != nil || stops {
		t.Error("a token with unreadable capabilities is reported as a reader")
	}
}

func TestTokenThatCanReadIsReportedOrRejected(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	writes := `
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`
	reads := strings.Replace(writes, `"update"`, `"update", "read"`, 1)
	_, limited := v.Call(t, v.RootToken, http.MethodPost, "auth/token/create", map[string]any{"policies": []string{"writer"}, "no_default_policy": true})
	for _, row := range []struct {
		name, token string
		objects     string // to the guard that refuses
		warns       bool   // about reading, under the guard that warns
	}{
		{"none", v.Token(t, writes), "", false},
		{"reads", v.Token(t, reads), `remove "read" from its policy`, true},
		{"root", v.RootToken, "root token", true},
		{"cannot read its capabilities", limited["auth"].(map[string]any)["client_token"].(string), "it is not known", false},
	} {
		for _, guard := range []ReadGuard{IgnoreReadable, WarnIfReadable, RejectIfReadable} {
			var warned []string
			c, proxy := realClient(t, row.token, shop)
			c.reading = guard
			c.warn = func(text string) { warned = append(warned, text) }
			a := testAddress(t)
			refused := guard == RejectIfReadable && row.objects != ""

			_, putErr := c.Put(ctx, Write{Address: a, Value: NewValue("one")})
			_, describeErr := c.Describe(ctx, a)
			_, againErr := c.Describe(ctx, a.Scope.Secret("another"))
			for _, err := range []error{putErr, describeErr, againErr} {
				if (err != nil) != refused || refused && (!errors.Is(err, ErrCanRead) || !strings.Contains(err.Error(), row.objects)) {
					t.Errorf("%s under %d: %v", row.name, guard, err)
				}
			}
			about := 0
			for _, text := range warned {
				if strings.Contains(text, `path "customers/data/workflows/`+a.Group+`/+" { capabilities = ["create", "update"] }`) {
					about++
				}
			}
			if want := row.warns && guard == WarnIfReadable; (about == 1) != want || about > 1 {
				t.Errorf("%s under %d: warned about %q", row.name, guard, warned)
			}
			if sent := requestsOf(proxy); strings.Contains(sent, "PUT data") == refused || strings.Contains(sent, "PATCH") == refused {
				t.Errorf("%s under %d: it sent %s", row.name, guard, sent)
			}
			proxy.AssertBlind(t)
		}
	}
}
