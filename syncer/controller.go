// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relay-secrets/terraform-provider-relay/internal/buildinfo"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Controller syncs the sources of one configuration.
type Controller struct {
	cfg     *config.Config
	version string
	// Progress receives how many of a sync's actions are done.
	Progress func(source string, done, of int)
	// Waits receives what a write or deletion waits for, and the longest wait: a version
	// without a record may be of a write that is not complete.
	Waits func(secrets.Address, time.Duration)
	// Warn receives what a person should know and what stops nothing.
	Warn func(text string)
	// Audit records changes; nil records none.
	Audit *Audit

	wakes     map[string]*wake
	handOvers *handOvers
	board     *board
	inventory *inventory
	registry  *prometheus.Registry
	metrics   *metrics
	rateLimit *rateLimit
	notifier  *notify.Notifier // nil before OpenHooks
	pending   *pendingPlans

	mirrors map[string]*gitmirror.Mirror // of remote sources
	// localPoll is the interval of polls of local repositories.
	localPoll time.Duration
	// approvalPoll is the interval at which approvals are looked for while a plan waits.
	approvalPoll time.Duration

	// candidate is nil without an election; standby means that another was elected, and
	// alone that this replica does not take part in sharing the sources.
	candidate *election.Candidate
	standby   atomic.Bool
	alone     atomic.Bool
	// reloadFailure is nil if the configuration on disk is not known to be unusable.
	reloadFailure atomic.Pointer[report.ReloadFailure]

	// fileWarnings reports once the warnings about the files of the configuration.
	fileWarnings sync.Once

	mu sync.Mutex
	// caches, ancestries, cleaned and keyrings are by source.
	clients  map[clientKey]*connected
	caches   map[string]*manifestCache
	keyrings map[string]*keyring.Keyring

	ancestries map[string]*ancestry
	// cleaned are the bodies of connections that need no second look.
	cleaned map[string]connections.Settled
}

// New makes a controller of a configuration that config.Read returned. version goes
// into the User-Agent that Vault's audit log shows.
func New(cfg *config.Config, version string) *Controller {
	registry := prometheus.NewRegistry()
	c := &Controller{
		cfg: cfg, version: version, Progress: func(string, int, int) {}, Waits: func(secrets.Address, time.Duration) {}, Warn: func(string) {},
		wakes: newWakes(cfg.Sources), handOvers: newHandOvers(cfg.Sources), board: newBoard(cfg.Sources), inventory: newInventory(cfg), registry: registry, metrics: newMetrics(registry, cfg.Sources),
		pending: newPendingPlans(), rateLimit: newRateLimit(cfg.Vault.WritesPerSecond), mirrors: newMirrors(cfg), localPoll: pollInterval, approvalPoll: approvalPoll,
		clients: map[clientKey]*connected{}, caches: map[string]*manifestCache{}, ancestries: map[string]*ancestry{},
		keyrings: map[string]*keyring.Keyring{}, cleaned: map[string]connections.Settled{},
	}
	registry.MustRegister(c.newLeaderMetric(), newBuildMetric(buildinfo.Read(version)))
	return c
}

// warnOfFiles reports once the warnings about the files of the configuration. Every
// operation that reads these files calls it first.
func (c *Controller) warnOfFiles() {
	c.fileWarnings.Do(func() {
		for _, warning := range c.cfg.Warnings() {
			c.Warn(warning)
		}
	})
}

// Request is what a person asks syncs to do.
type Request struct {
	// Sources are names; none means all. A suspended source is applied only by name.
	Sources []string
	// Keyless compares ciphertexts alone and needs no decryption key. It is for plans.
	Keyless bool
	// Apply carries plans out; otherwise they are only made.
	Apply bool
	// Approve is the id of a plan that is approved with what waits for it. No other
	// plan is carried out then.
	Approve string
	// Adopt names secrets, as workflow/name, to take over; Unmanaged adds the wanted
	// ones that are live and have no record.
	Adopt     []string
	Unmanaged bool
	// Reason is the person's, for the audit file.
	Reason string
}

// Sync runs one sync for each source that is asked for, in the configuration's order.
// A source that fails delays no other. The error is about the request only; nothing
// was written then.
func (c *Controller) Sync(ctx context.Context, ask Request) ([]report.Report, error) {
	if ask.Keyless && ask.Apply {
		return nil, errors.New("apply without keys: values cannot be decrypted; only a plan can be keyless")
	}
	sources, err := c.cfg.Select(ask.Sources)
	if err != nil {
		return nil, err
	}
	adopt, err := c.adoption(ask, sources)
	if err != nil {
		return nil, err
	}
	c.warnOfFiles()
	reports := make([]report.Report, len(sources))
	for i, s := range sources {
		reports[i] = c.syncOnce(ctx, s, ask, adopt)
	}
	if ask.Apply && handedOver(reports) {
		for i, s := range sources {
			if reports[i].Summary().PendingHandOver > 0 {
				reports[i] = c.syncOnce(ctx, s, ask, adopt)
			}
		}
	}
	reportUnmatched(adopt, sources, reports)
	return reports, nil
}

// handedOver reports whether a source took a secret over from another one.
func handedOver(reports []report.Report) bool {
	return slices.ContainsFunc(reports, func(r report.Report) bool { return r.Applied && r.Summary().HandOver > 0 })
}

// syncOnce is one sync at the current commit of a source.
func (c *Controller) syncOnce(ctx context.Context, s config.Source, ask Request, adopt plan.Adoption) report.Report {
	if s.Suspend && ask.Apply && len(ask.Sources) == 0 {
		return report.Report{Source: s.Name, Branch: s.ShortRef(), Suspended: true}
	}
	at, err := c.locate(ctx, s)
	if err != nil {
		r := report.Report{Source: s.Name, Branch: s.ShortRef(), Suspended: s.Suspend, Err: err}
		c.discardDamaged(ctx, r)
		return r
	}
	return c.sync(ctx, s, at, ask, adopt)
}

// Run follows every source until ctx ends. With an election it does so only while
// this replica is elected, and otherwise is on standby: it fetches and writes nothing. If
// replicas share the sources, it follows those that fall to this one.
func (c *Controller) Run(ctx context.Context, log *slog.Logger) {
	if c.candidate == nil && c.cfg.Election != nil {
		panic("syncer: Run before OpenHooks, which joins the election")
	}
	if c.candidate == nil {
		c.follow(ctx, log)
		return
	}
	if c.cfg.Election.Share == election.ShareSources {
		c.share(ctx, log)
		return
	}
	c.standby.Store(true)
	c.candidate.Run(ctx, log, func(elected context.Context) {
		c.standby.Store(false)
		defer c.standby.Store(true)
		c.follow(elected, log)
	})
}

// Close ends the Vault clients and revokes the tokens that they logged in for.
func (c *Controller) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for key, made := range c.clients {
		errs = append(errs, made.client.Close(ctx))
		delete(c.clients, key)
	}
	return errors.Join(errs...)
}
