// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
)

// Run follows every source until ctx ends. With an election it does so only while
// this replica is elected, and otherwise stands by: it fetches and writes nothing.
func (c *Controller) Run(ctx context.Context, log *slog.Logger) {
	if c.candidate == nil && c.cfg.Election != nil {
		panic("syncer: Run before OpenHooks, which joins the election")
	}
	if c.candidate == nil {
		c.follow(ctx, log)
		return
	}
	c.standby.Store(true)
	c.candidate.Run(ctx, log, func(elected context.Context) {
		c.standby.Store(false)
		defer c.standby.Store(true)
		c.follow(elected, log)
	})
}

// candidate takes part in the election; nil without one.
func candidate(cfg *config.Config) (*election.Candidate, error) {
	if cfg.Election == nil {
		return nil, nil
	}
	return election.New(*cfg.Election)
}

// newLeaderMetric reports whether this replica is the elected leader.
func (c *Controller) newLeaderMetric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_sync_leader",
		Help: "1 if this replica is the elected leader and follows the sources, 0 if it is on standby.",
	}, func() float64 {
		if c.standby.Load() {
			return 0
		}
		return 1
	})
}
