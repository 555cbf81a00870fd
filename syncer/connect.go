// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// clientKey is what a client is made for. One without keys does not check the MAC of
// records.
type clientKey struct {
	source  string
	keyless bool
}

// connected is a client with the fingerprint keys that it was made with. A sync compares
// fingerprints of one reading of the keys only.
type connected struct {
	client *secrets.Client
	keys   secrets.FingerprintKeys
	// version is that of the file of the keys.
	version conffile.Version
}

// connect returns the source's client, which is made once, and again for other
// fingerprint keys: it keeps its login and its idle HTTP connections between syncs.
func (c *Controller) connect(cfg config.Source, keyless bool) (*secrets.Client, error) {
	made, err := c.connected(cfg, keyless)
	return made.client, err
}

// connected is connect with the fingerprint keys.
func (c *Controller) connected(cfg config.Source, keyless bool) (connected, error) {
	made, former, err := c.currentClient(cfg, keyless)
	if former != nil {
		// A request of it that is under way logs in again.
		ctx, cancel := context.WithTimeout(context.Background(), revokeTimeout)
		defer cancel()
		c.warnOf(former.Close(ctx))
	}
	return made, err
}

// revokeTimeout bounds the revocation of the token of a client that is not used again.
const revokeTimeout = 5 * time.Second

// currentClient returns the client for the fingerprint keys as they are now, and the
// former one if that is new. If the file of the keys was replaced and cannot be used, the
// client stays as it is.
func (c *Controller) currentClient(cfg config.Source, keyless bool) (made connected, former *secrets.Client, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := clientKey{cfg.Name, keyless}
	before := c.clients[key]
	if file := c.cfg.FingerprintKeyFile; !keyless && file != "" {
		made.version = conffile.VersionOf(file)
	}
	if before != nil && before.version.Same(made.version) {
		return *before, nil, nil
	}
	err = c.makeClient(cfg, keyless, &made)
	switch {
	case err != nil && before != nil:
		c.warnOf(err)
		return *before, nil, nil
	case err != nil:
		return connected{}, nil, err
	case before != nil:
		former = before.client
		delete(c.caches, cfg.Name) // it has fingerprints under the former keys
	}
	c.clients[key] = &made
	return made, former, nil
}

func (c *Controller) warnOf(err error) {
	if err != nil {
		c.Warn(err.Error())
	}
}

func (c *Controller) makeClient(cfg config.Source, keyless bool, into *connected) (err error) {
	if !keyless {
		if into.keys, err = c.cfg.FingerprintKeys(); err != nil {
			return err
		}
	}
	owner, err := secrets.GitOpsOwner(c.cfg.Controller, cfg.Name)
	if err != nil {
		return err
	}
	role := policy.Writer
	if keyless {
		role = policy.Viewer
	}
	v := c.cfg.Vault
	into.client, err = vaultclient.Connect(v.Settings("relay-sync/"+c.version), secrets.Config{
		Owner: owner, Keys: into.keys, RequireMAC: c.cfg.Records == config.AuthenticRecords,
		Settle: v.Settle, MaxValueBytes: v.MaxValueBytes, Encoding: cfg.Encoding, Role: role.String(), Warn: c.Warn,
		Waits: func(a secrets.Address, longest time.Duration) { c.Waits(a, longest) },
	})
	return err
}

// endLogin ends the login of a client after a sync in which a capability was missing: a
// token has the policies of its login, so with a new one the next sync can have more.
func (c *Controller) endLogin(ctx context.Context, key clientKey, r report.Report) {
	denied := func(err error) bool { return errors.Is(err, secrets.ErrMissingCapability) }
	if !denied(r.Err) && !slices.ContainsFunc(r.Results, func(r report.Result) bool { return denied(r.Err) }) {
		return
	}
	c.mu.Lock()
	made := c.clients[key]
	c.mu.Unlock()
	if made != nil {
		c.warnOf(made.client.Close(ctx))
	}
}
