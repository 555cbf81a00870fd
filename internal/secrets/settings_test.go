// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestSettingsChange(t *testing.T) {
	t.Parallel()
	observed := Settings{MaxVersions: 5, DeleteVersionAfter: time.Hour, Labels: map[string]string{"team": "shop", "other": "x"}}
	for _, row := range []struct {
		name   string
		want   Settings
		forget []string
		patch  map[string]any
	}{
		{"as it is", Settings{5, time.Hour, map[string]string{"team": "shop"}}, nil, map[string]any{}},
		{"numbers", Settings{0, 2 * time.Hour, map[string]string{"team": "shop"}}, nil, map[string]any{"max_versions": 0, "delete_version_after": "2h0m0s"}},
		{"a label", Settings{5, time.Hour, map[string]string{"team": "till"}}, nil, map[string]any{"custom_metadata": map[string]any{"team": "till"}}},
		{"a label that is no longer wanted", Settings{5, time.Hour, nil}, []string{"team", "gone"}, map[string]any{"custom_metadata": map[string]any{"team": nil}}},
		{"a label that was own and is wanted again", Settings{5, time.Hour, map[string]string{"team": "shop"}}, []string{"team"}, map[string]any{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.patch, row.want.change(observed, row.forget)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	bad := Settings{MaxVersions: -1, DeleteVersionAfter: time.Millisecond, Labels: map[string]string{
		"relay.terraform/x": "forged", "": "x", "empty": "", "long": strings.Repeat("x", 513),
	}}
	err := bad.Check()
	if !errors.Is(err, ErrInvalid) || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("not all problems are reported: %v", err)
	}
	if err := (Settings{MaxVersions: 10, DeleteVersionAfter: time.Hour, Labels: map[string]string{"team": "shop"}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestConfigureOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx, a := context.Background(), testAddress(t)
	full := v.Token(t,
		`path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`,
		`path "customers/metadata/workflows/+/+" { capabilities = ["create", "read", "patch"] }`)
	c, proxy := realClient(t, full, shop)
	want := Settings{MaxVersions: 3, DeleteVersionAfter: time.Hour, Labels: map[string]string{"team": "shop"}}
	blind, _ := realClient(t, v.Writer(t), shop)
	err := blind.Configure(ctx, a, mustDescribe(t, blind, a), want, nil)
	if !errors.Is(err, ErrMissingCapability) || !strings.Contains(err.Error(), `path "customers/metadata/workflows/`+a.Group+`/+" { capabilities = ["create", "read", "patch"] }`) {
		t.Errorf("without create on metadata: %v", err)
	}
	if err := c.Configure(ctx, a, mustDescribe(t, c, a), want, nil); err != nil {
		t.Fatal(err)
	}
	written, err := c.Put(ctx, Write{Address: a, Value: NewValue("x"), Observed: mustDescribe(t, c, a)})
	if err != nil {
		t.Fatal(err)
	}
	if got := written.Expires.Sub(written.Created); got != time.Hour {
		t.Errorf("the first version expires after %s", got)
	}
	e := mustDescribe(t, c, a)
	if diff := cmp.Diff(want, e.Settings); diff != "" {
		t.Error(diff)
	}
	proxy.Reset()
	if err := c.Configure(ctx, a, e, want, nil); err != nil || len(proxy.Requests()) != 0 {
		t.Errorf("settings as they are sent %v, %v", proxy.Requests(), err)
	}
	want.Labels = map[string]string{"stage": "prod"}
	if err := c.Configure(ctx, a, e, want, []string{"team"}); err != nil {
		t.Fatal(err)
	}
	e = mustDescribe(t, c, a)
	if diff := cmp.Diff(want, e.Settings); diff != "" {
		t.Error(diff)
	}
	if verdict := Judge(shop, e, nil); verdict.State != InSync || e.Current != 1 {
		t.Errorf("changed settings left the secret %s at version %d", verdict, e.Current)
	}
}

func TestHMAC1(t *testing.T) {
	t.Parallel()
	raw := []byte("0123456789abcdef0123456789abcdef")
	key, err := NewFingerprintKeys(raw)
	if err != nil {
		t.Fatal(err)
	}
	a := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	fingerprint := key.HMAC1(a, NewValue("hunter2")).Newest()
	// Records in Vault depend on this very text; those of format 1 have it in hex.
	if want := "qKEo1pMwh6i2Gkt_JOnS9A"; fingerprint != want {
		t.Errorf("the fingerprint is %s, want %s", fingerprint, want)
	}
	other := a
	other.Name = "token2"
	if key.HMAC1(a, NewValue("hunter3")).Match(fingerprint) || key.HMAC1(other, NewValue("hunter2")).Match(fingerprint) {
		t.Error("another value or address has the same fingerprint")
	}
	if !key.HMAC1(a, NewValue("hunter2")).Match("a8a128d6933087a8b61a4b7f24e9d2f4") {
		t.Error("the fingerprint of format 1 does not match")
	}
	newer, err := NewFingerprintKeys([]byte(strings.Repeat("n", 32)), raw)
	if err != nil {
		t.Fatal(err)
	}
	if both := newer.HMAC1(a, NewValue("hunter2")); !both.Match(fingerprint) || both.Newest() == fingerprint {
		t.Errorf("under a newer and the same key: %v", both)
	}
	if (FingerprintKeys{}).HMAC1(a, NewValue("hunter2")).Newest() != "" {
		t.Error("there is a fingerprint without a key")
	}
	for name, keys := range map[string][][]byte{"a short key": {raw, raw[:31]}, "a duplicate key": {raw, raw}} {
		if _, err := NewFingerprintKeys(keys...); !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "0123") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", key)
	asJSON, _ := json.Marshal(key)
	fmt.Fprintf(&out, "%v %+v %#v %s %x %s", key, key, struct{ k FingerprintKeys }{key}, key, key, asJSON)
	if strings.Contains(out.String(), "0123456789") || strings.Contains(out.String(), "30313233") {
		t.Errorf("the key prints: %s", out.String())
	}
}
