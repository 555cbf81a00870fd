// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
	"github.com/relay-secrets/terraform-provider-relay/syncer/tidy"
)

// tidyInterval is how long the daemon waits after a tidy before the next one.
const tidyInterval = time.Hour

// NewTidy connects to Vault for a tidy. It lets the audit file record each removal. Errors:
// as of vaultclient.Connect.
func NewTidy(to vaultclient.Settings, audit *Audit, warn func(string)) (tidy.Tidy, error) {
	// A tidy writes no record, so the owner does not matter.
	owner, err := secrets.TeamOwner("tidy")
	if err != nil {
		return tidy.Tidy{}, err
	}
	client, err := vaultclient.Connect(to, secrets.Config{Owner: owner, Warn: warn})
	return tidy.Tidy{
		Client: client, Warn: warn,
		Around: func(owner secrets.Owner, r *report.Result, do func()) {
			audit.Manual(ManualChange{Owner: owner, Person: owner}, r, do)
		},
	}, err
}

// tidy runs tidies until ctx ends, if the configuration has them.
func (c *Controller) tidy(ctx context.Context, log *slog.Logger) {
	if c.cfg.Tidy == nil {
		return
	}
	t, err := NewTidy(c.cfg.TidySettings("relay-sync/"+c.version), c.Audit, c.Warn)
	if err != nil {
		log.Error("tidy failed", "err", err)
		return
	}
	t.Root, t.Domain, t.After = c.cfg.Vault.Root(), c.cfg.Vault.Domain, c.cfg.Tidy.After
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
		defer cancel()
		c.warnOf(t.Client.Close(closing))
	}()
	for wait := time.Duration(0); sleep(ctx, wait); wait = tidyInterval {
		if err := c.tidyOnce(ctx, t, log); err != nil && ctx.Err() == nil {
			log.Error("tidy failed", "err", err)
		}
	}
}

// tidyOnce marks names, and removes them after the pause.
func (c *Controller) tidyOnce(ctx context.Context, t tidy.Tidy, log *slog.Logger) error {
	found, err := t.Find(ctx)
	if err != nil {
		return err
	}
	for _, err := range found.Failed {
		log.Warn("tidy: a folder was not looked at", "err", err)
	}
	results, marked := t.Mark(ctx, found)
	if len(marked.Names) > 0 && sleep(ctx, time.Until(marked.Removable)) {
		results = append(results, t.Remove(ctx, marked)...)
	}
	removed := 0
	for _, r := range results {
		switch name := r.Address.Title(); {
		case r.Err != nil:
			log.Error("tidy: not removed", "name", name, "err", r.Err)
		case r.Cause != "":
			log.Info("tidy: "+r.Cause, "name", name)
		default:
			removed++
			log.Info("tidy: removed the metadata of a dead and released name", "name", name, "version", r.Entry.Current)
		}
	}
	c.metrics.tidied.Add(float64(removed))
	if len(results) > 0 {
		log.Info(fmt.Sprintf("tidy done: %d of %d names removed", removed, len(results)))
	}
	return nil
}

// sleep waits; false if ctx ends before.
func sleep(ctx context.Context, wait time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(max(wait, 0)):
		return ctx.Err() == nil
	}
}
