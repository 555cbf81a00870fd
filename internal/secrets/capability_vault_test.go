// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMissingCapabilityFailsBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	const (
		data     = `path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`
		metadata = `path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`
		delete   = `path "customers/delete/workflows/+/+" { capabilities = ["update"] }`
	)
	for _, row := range []struct {
		name, rules, want string
		do                func(*Client, Address, Claim) error
	}{
		{"no patch", data + strings.Replace(metadata, `, "patch"`, "", 1), `/+" { capabilities = ["read", "patch"] }`, putOne},
		{"no update", strings.Replace(data, `, "update"`, "", 1) + metadata, `/+" { capabilities = ["create", "update"] }`, putOne},
		{"no data at all", metadata, `capabilities = ["create", "update"]`, putOne},
		{"no delete", data + metadata, `/+" { capabilities = ["update"] }`, deleteOne},
		{"no destroy", data + metadata + delete, `/+" { capabilities = ["update"] }`, purgeOne},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := testAddress(t)
			full, _ := realClient(t, v.Writer(t), shop)
			written, err := full.Put(context.Background(), Write{Address: a, Value: NewValue("one")})
			if err != nil {
				t.Fatal(err)
			}
			c, proxy := realClient(t, v.Token(t, row.rules), shop)
			err = row.do(c, a, written.Claim(shop))
			if !errors.Is(err, ErrMissingCapability) {
				t.Fatalf("got %v", err)
			}
			wantError(t, err, row.want)
			if got, want := requestsOf(proxy), "GET mount, GET metadata, PUT capabilities"; got != want {
				t.Errorf("sent %q, want only %q", got, want)
			}
		})
	}
}

func putOne(c *Client, a Address, _ Claim) error {
	e, err := c.Describe(context.Background(), a)
	if err != nil {
		return err
	}
	_, err = c.Put(context.Background(), Write{Address: a, Value: NewValue("two"), Observed: e})
	return err
}

func deleteOne(c *Client, a Address, claim Claim) error {
	_, err := c.Delete(context.Background(), a, claim)
	return err
}

func purgeOne(c *Client, a Address, claim Claim) error {
	_, err := c.Purge(context.Background(), a, claim)
	return err
}

func TestUnreadableCapabilitiesAreAWarning(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	token := v.Token(t,
		`path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`,
		`path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`,
		`path "sys/capabilities-self" { capabilities = ["deny"] }`)
	var warnings []string
	c, err := connect(vault.Settings{Address: v.Address, Token: token},
		Config{Owner: shop, Warn: func(text string) { warnings = append(warnings, text) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(context.Background(), Write{Address: testAddress(t), Value: NewValue("one")}); err != nil {
		t.Errorf("the write: %v", err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "capabilities-self") {
		t.Errorf("warnings: %q", warnings)
	}
}

func TestVaultErrorsContainAHint(t *testing.T) {
	t.Parallel()
	own := vaulttest.StartOwn(t)
	token := own.Writer(t)
	connect := func(address, token string) *Client {
		c, err := connect(vault.Settings{Address: address, Token: token}, Config{Owner: shop})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := testAddress(t)
	_, err := connect(own.Address, "hvs.no-such-token").Describe(context.Background(), a)
	wantError(t, err, "invalid, expired or revoked")
	elsewhere := a
	elsewhere.Mount = "nowhere"
	_, err = connect(own.Address, own.RootToken).Describe(context.Background(), elsewhere)
	wantError(t, err, "no KV v2 secrets engine found")
	own.Seal(t)
	_, err = connect(own.Address, token).Describe(context.Background(), a)
	wantError(t, err, "sealed; unseal it")
	_, err = connect(own.Address, token).Put(context.Background(), Write{Address: a, Value: NewValue("x")})
	wantError(t, err, "sealed; unseal it")
	own.Stop(t)
	_, err = connect(own.Address, token).Describe(context.Background(), a)
	wantError(t, err, "connection failed")
	if !AffectsAll(err) {
		t.Error("an unreachable Vault is not reported as an error that affects all")
	}
}
