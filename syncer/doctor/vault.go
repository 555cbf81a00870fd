// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The names of the checks of Vault, in order.
const (
	vaultName  = "vault"
	clockName  = "clock"
	tokenName  = "vault token"
	mountName  = "vault mount"
	policyName = "vault policy"
)

// maxSkew is how far the clock of this machine may be from that of Vault. An approval more
// than a minute ahead is refused.
const maxSkew = 30 * time.Second

// server checks Vault without a token, and reports whether it answers requests.
func (d Doctor) server(ctx context.Context, l *list) (up bool) {
	health, err := d.health(ctx)
	if err != nil {
		l.add(failed(vaultName, err, "check vault.address, vault.ca_cert, and the network from this machine"))
		l.skip("Vault", clockName)
		return false
	}
	l.add(ofHealth(d.Config.Vault.Address, health))
	l.add(ofClock(health.Time, time.Now()))
	return !health.Sealed && health.Initialized
}

// vault checks Vault with the credentials of the configuration, and reports whether syncs
// can use it.
func (d Doctor) vault(ctx context.Context, l *list, up bool) (ready bool) {
	if !up {
		l.skip("Vault", tokenName, mountName, policyName)
		return false
	}
	settings := d.Config.Vault.Settings(d.userAgent())
	session, err := vaultclient.ConnectMetadata(settings)
	if err != nil {
		l.add(failed(tokenName, err, ""))
		l.skip("the token", mountName, policyName)
		return false
	}
	defer func() { _ = session.Close(context.WithoutCancel(ctx)) }() // the token expires
	self, err := session.Self(ctx)
	if errors.Is(err, kv.ErrPermissionDenied) {
		err = secrets.ErrTokenRejected
	}
	if err != nil {
		l.add(failed(tokenName, err, "check vault.token_file or vault.login"))
		l.skip("the token", mountName, policyName)
		return false
	}
	l.add(ofToken(self, settings.Login != nil, time.Now()))
	known, err := d.mount(ctx, settings)
	if err != nil {
		l.add(failed(mountName, err, "relay-sync writes to a KV version 2 secrets engine: vault secrets enable -path="+d.Config.Vault.Mount+" -version=2 kv"))
		l.skip("the mount", policyName)
		return false
	}
	if known {
		l.add(ok(mountName, d.Config.Vault.Mount+" is a KV version 2 secrets engine"))
	} else {
		l.add(warn(mountName, "not known: Vault does not describe "+d.Config.Vault.Mount+" to this token", "either the mount does not exist, or the policy of the token has no rule in it: check vault.mount, and the policy below"))
	}
	checks := d.policies(ctx, session)
	l.add(checks...)
	return report.WorstCheck(checks) != report.CheckFailed
}

// clients are clients without a token.
func (d Doctor) clients() (*vaultclient.Clients, error) {
	settings := d.Config.Vault.Settings(d.userAgent())
	settings.TokenFile, settings.Login = "", nil
	return vaultclient.NewClients(settings)
}

func (d Doctor) health(ctx context.Context) (vaultclient.Health, error) {
	clients, err := d.clients()
	if err != nil {
		return vaultclient.Health{}, err
	}
	return clients.Health(ctx)
}

// ofHealth is the check of the server. Pure.
func ofHealth(address string, h vaultclient.Health) report.Check {
	text := address + " answers, version " + h.Version
	switch {
	case !h.Initialized:
		return bad(vaultName, text+", not initialized", "initialize Vault: vault operator init")
	case h.Sealed:
		return bad(vaultName, text+", sealed", "unseal Vault: vault operator unseal")
	case h.Standby:
		return ok(vaultName, text+", a standby")
	}
	return ok(vaultName, text)
}

// ofClock compares the clocks of Vault and of this machine. Pure.
func ofClock(vault, now time.Time) report.Check {
	if vault.IsZero() {
		return skipped(clockName, "not checked: the answer of Vault has no time", "")
	}
	skew := now.Sub(vault).Truncate(time.Second)
	if skew.Abs() <= maxSkew {
		return ok(clockName, "this machine and Vault agree")
	}
	return bad(clockName, fmt.Sprintf("the clock of this machine differs from that of Vault by %s", skew), "synchronize both clocks with NTP: times of records, approvals and tokens are compared")
}

// ofToken is the check of the token. login means that it comes from a login, which is
// renewed. Pure.
func ofToken(self vaultclient.Self, login bool, now time.Time) report.Check {
	expires := self.Expires()
	switch {
	case expires.IsZero():
		return warn(tokenName, "valid, and never expires", "use a token that is renewed or replaced, or vault.login: a stolen token that never expires works for ever")
	case login:
		return ok(tokenName, "from a login; relay-sync renews it, and logs in again")
	}
	left, whole := expires.Sub(now).Round(time.Second), time.Duration(self.CreationTTL)*time.Second
	text := fmt.Sprintf("valid for %s", left)
	if left < whole/4 {
		return warn(tokenName, text+fmt.Sprintf(" of %s", whole), "replace it in vault.token_file, or let Vault Agent renew it")
	}
	return ok(tokenName, text)
}

// mount checks the mount. known is false if Vault does not describe it to this token.
func (d Doctor) mount(ctx context.Context, settings vaultclient.Settings) (known bool, err error) {
	owner, err := secrets.GitOpsOwner(d.Config.Controller, "any")
	if err != nil {
		return false, err
	}
	client, err := vaultclient.Connect(settings, secrets.Config{Owner: owner})
	if err != nil {
		return false, err
	}
	info, err := client.Mount(ctx, d.Config.Vault.Root())
	return info.UUID != "", errors.Join(err, client.Close(context.WithoutCancel(ctx)))
}
