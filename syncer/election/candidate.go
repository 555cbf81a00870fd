// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// terms are the times of an election. A leader that lost the lease has the time
// between renew and lease to end its work.
type terms struct {
	// lease is how long a lease is valid after its last renewal, renew how long the
	// leader tries to renew it, and retry the interval between attempts.
	lease, renew, retry time.Duration
}

func defaultTerms() terms {
	return terms{lease: 30 * time.Second, renew: 20 * time.Second, retry: 3 * time.Second}
}

// Candidate takes part in an election.
type Candidate struct {
	identity string
	cfg      Config
	leases   *leases
	terms    terms
}

// New returns a candidate. Its identity is the host name and a random suffix.
func New(cfg Config) (*Candidate, error) {
	leases, err := cfg.open()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("join the election: get the host name: %w", err)
	}
	return &Candidate{identity: host + "_" + cryptorand.Text(), cfg: cfg, leases: leases, terms: defaultTerms()}, nil
}

// refresh makes the client again, because the kubeconfig may have been replaced. If it
// cannot be used, the client stays as it is.
func (c *Candidate) refresh() {
	if leases, err := c.cfg.open(); err == nil {
		c.leases.client.CloseIdleConnections()
		c.leases = leases
	}
}

// Run calls work whenever the candidate is elected, until ctx ends. The context of
// work ends with ctx, or when the lease is lost. Run continues after work has
// returned.
func (c *Candidate) Run(ctx context.Context, log *slog.Logger, work func(context.Context)) {
	log = log.With("lease", c.cfg.Namespace+"/"+c.cfg.Lease)
	for ctx.Err() == nil {
		c.runTerm(ctx, log, work)
		c.refresh()
	}
}

// runTerm waits to be elected, and does the work of one term.
func (c *Candidate) runTerm(ctx context.Context, log *slog.Logger, work func(context.Context)) {
	e := &elector{leases: c.leases, name: c.cfg.Lease, identity: c.identity, duration: c.terms.lease}
	if !c.waitForElection(ctx, log, e) {
		return
	}
	log.Info("elected as leader", "identity", c.identity)
	// The lease is kept until the work has ended, so it outlives ctx.
	kept, ended := context.WithCancel(context.WithoutCancel(ctx))
	leading, lost := context.WithCancel(ctx)
	defer lost()
	go func() {
		defer ended()
		if leading.Err() == nil {
			work(leading)
		}
		<-leading.Done()
	}()
	failure := c.keep(kept, e)
	if ctx.Err() == nil {
		lost()
		<-kept.Done()
		log.Warn("lease lost, work stopped", "err", failure)
		return
	}
	<-kept.Done()
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.terms.lease-c.terms.renew)
	defer cancel()
	if err := e.release(releasing); err != nil {
		log.Warn("lease not released, so other replicas wait until it expires", "err", err)
	}
}

// waitForElection tries to take the lease until it has it, or until ctx ends.
func (c *Candidate) waitForElection(ctx context.Context, log *slog.Logger, e *elector) (elected bool) {
	leader, failure := "", ""
	for {
		leads, err := e.try(ctx)
		switch {
		case leads:
			return true
		case ctx.Err() != nil:
			return false
		case err == nil:
			if e.spec.Leader != leader {
				log.Info("standby", "leader", foreign.Line(e.spec.Leader))
			}
			leader, failure = e.spec.Leader, ""
		case !hasStatus(err, http.StatusConflict) && err.Error() != failure:
			log.Warn("not elected, trying again", "err", err)
			failure = err.Error()
		}
		// With a random part, so that candidates do not all try at the same time.
		if !sleep(ctx, c.terms.retry+rand.N(c.terms.retry)) { //nolint:gosec // not a secret
			return false
		}
	}
}

var errTaken = errors.New("another candidate has the lease")

// keep renews the lease until ctx ends, and then returns nil, or else why the lease is lost.
func (c *Candidate) keep(ctx context.Context, e *elector) error {
	var failure error
	for {
		deadline := e.renewed.Add(c.terms.renew)
		if !sleep(ctx, min(c.terms.retry, time.Until(deadline))) {
			return nil
		}
		if failure != nil && !time.Now().Before(deadline) {
			return failure
		}
		attempt, cancel := context.WithDeadline(ctx, deadline)
		leads, err := e.try(attempt)
		cancel()
		switch {
		case leads:
			failure = nil
		case err == nil:
			return errTaken
		default:
			failure = err
		}
	}
}

// sleep reports whether ctx did not end in the meantime.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
