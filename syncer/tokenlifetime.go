// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// The lifetime of the token of a file is looked up this often, for long and for short
// lifetimes: another program may renew the token without a change of the file.
const (
	maxLifetimeInterval = time.Hour
	minLifetimeInterval = 10 * time.Second
)

// lifetimeInterval is a small share of a token's lifetime, so that the metric does not
// show the time before a renewal when little is left of that.
func lifetimeInterval(whole time.Duration) time.Duration {
	return min(max(whole/16, minLifetimeInterval), maxLifetimeInterval)
}

// watchToken reports when the token of vault.token_file expires, as a metric and, near
// the end, as a warning, until ctx ends. A token of a login is renewed, so it does nothing
// then, and if no source uses the token. A new token in the file is looked up at once.
func (c *Controller) watchToken(ctx context.Context, log *slog.Logger) {
	follows := slices.ContainsFunc(c.cfg.Sources, func(s config.Source) bool { return !s.Suspend })
	if c.cfg.Vault.TokenFile == "" || !follows {
		return
	}
	replaced := make(chan struct{}, 1)
	file := []string{c.cfg.Vault.TokenFile}
	go watchFiles(ctx, conffile.VersionOf(file...), file, func() {
		select {
		case replaced <- struct{}{}:
		default:
		}
	})
	timer := time.NewTimer(0)
	defer timer.Stop()
	interval := maxLifetimeInterval
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-replaced:
		case <-timer.C:
		}
		if whole, known := c.lookUpToken(ctx, log); known {
			interval = lifetimeInterval(whole)
		}
		timer.Reset(interval)
	}
}

// lookUpToken publishes when the token expires, and returns its whole lifetime. A failure
// is logged and changes nothing: syncs report a token that Vault does not accept.
func (c *Controller) lookUpToken(ctx context.Context, log *slog.Logger) (whole time.Duration, known bool) {
	self, err := vaultclient.LookUpToken(ctx, c.cfg.Vault.Settings("relay-sync/"+c.version))
	if err != nil {
		if ctx.Err() == nil {
			log.Info("the lifetime of the token is unknown", "token_file", c.cfg.Vault.TokenFile, "err", err)
		}
		return 0, false
	}
	expires := self.Expires()
	if expires.IsZero() {
		c.metrics.tokenExpires.Set(0)
		c.metrics.tokenLifetime.Set(0)
		return math.MaxInt64, true
	}
	whole = time.Duration(self.CreationTTL) * time.Second
	c.metrics.tokenExpires.Set(float64(expires.Unix()))
	c.metrics.tokenLifetime.Set(whole.Seconds())
	if left := time.Until(expires); endsSoon(left, whole) {
		log.Warn("the token expires soon; replace it in the file, or renew it",
			"token_file", c.cfg.Vault.TokenFile, "expires", expires.UTC().Format(time.RFC3339), "left", left.Round(time.Second).String())
	}
	return whole, true
}

// endsSoon reports whether less than a quarter of a token's lifetime is left. What
// replaces or renews tokens regularly does so before.
func endsSoon(left, whole time.Duration) bool { return left < whole/4 }
