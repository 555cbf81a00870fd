// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// Work is what replicas share out.
type Work struct {
	// Parts are the names of the parts, the same for all replicas.
	Parts []string
	// Do does one part until ctx ends. A replica does several at the same time.
	Do func(ctx context.Context, part string)
	// Seen receives, again and again, the identities of the other replicas by the parts that
	// they do or are about to do; nil while this one does not take part.
	Seen func(replicas map[string]string)
}

// Share does the parts that fall to this replica, until ctx ends. No other replica does a
// part before this one has ended it. If this replica cannot renew its Lease, it ends all.
func (c *Candidate) Share(ctx context.Context, log *slog.Logger, w Work) {
	log = log.With("lease", c.cfg.Namespace+"/"+c.cfg.Lease)
	for ctx.Err() == nil {
		c.shareTerm(ctx, log, w)
		c.refresh()
	}
}

// shareTerm takes a Lease, and does parts of the work until it is lost or ctx ends.
func (c *Candidate) shareTerm(ctx context.Context, log *slog.Logger, w Work) {
	m := &member{
		elector: elector{leases: c.leases, identity: c.identity, duration: c.terms.lease},
		terms:   c.terms, election: c.cfg.Lease, work: w, roster: roster{}, log: log,
		running: map[string]context.CancelFunc{}, ended: make(chan string),
	}
	if !m.join(ctx) {
		return
	}
	log.Info("shares the sources with the other replicas", "identity", c.identity, "as", m.name)
	failure := m.keep(ctx)
	m.endAll()
	w.Seen(nil)
	if failure != nil {
		log.Warn("lease lost, work stopped", "err", failure)
		return
	}
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.terms.lease-c.terms.renew)
	defer cancel()
	if err := m.release(releasing); err != nil {
		log.Warn("lease not released, so other replicas wait until it expires", "err", err)
	}
}

// member is a replica that has, or wants, a Lease of its own.
type member struct {
	elector
	terms    terms
	election string
	work     Work
	log      *slog.Logger
	roster   roster
	// sent is when the list in the roster was requested.
	sent time.Time
	// claims are the parts that the Lease has to name, and announced those that it named in
	// the last update that succeeded.
	claims, announced []string
	// running cancels the parts that run, and ended receives those that have ended.
	running map[string]context.CancelFunc
	ended   chan string
	// logged is the last failure in the log.
	logged string
}

// keep renews the Lease, and starts and ends parts, until ctx ends and all parts have ended.
// Otherwise it returns why the Lease is lost.
func (m *member) keep(ctx context.Context) error {
	requests := context.WithoutCancel(ctx)
	for {
		attempt, cancel := context.WithDeadline(requests, m.renewed.Add(m.terms.renew))
		again, failure := m.turn(attempt, ctx)
		cancel()
		left := time.Until(m.renewed.Add(m.terms.renew))
		if errors.Is(failure, errTaken) || failure != nil && left <= 0 {
			return failure
		}
		m.warn(ctx, "the Leases of the replicas are not read or renewed, trying again", failure)
		if ctx.Err() != nil && len(m.running) == 0 {
			return nil
		}
		if !again {
			m.wait(ctx, min(m.terms.retry, left))
		}
	}
}

// turn renews the Lease, reads those of all replicas, and starts and ends parts. again
// reports that the Lease has to name others now.
func (m *member) turn(requests, ctx context.Context) (again bool, err error) {
	if err := m.renew(requests); err != nil {
		return false, err
	}
	if err := m.list(requests); err != nil {
		return false, err
	}
	if m.roster[m.name] == nil || m.roster[m.name].spec.Leader != m.identity {
		return false, errTaken
	}
	d := m.decide(ctx)
	for _, part := range d.end {
		m.running[part]()
	}
	for _, part := range d.start {
		m.start(ctx, part)
	}
	m.claims = d.claims
	m.work.Seen(m.roster.others(m.name, m.sent))
	return !slices.Equal(m.claims, m.announced), nil
}

// decide is decide with what this replica knows. After the end of ctx no part falls to it.
func (m *member) decide(ctx context.Context) decision {
	live := m.roster.live(m.sent)
	s := situation{self: m.name, claims: map[string][]string{}, announced: map[string]bool{}, running: map[string]bool{}}
	if ctx.Err() == nil {
		s.parts = m.work.Parts
	}
	for _, name := range live {
		if name != m.name {
			s.claims[name] = m.roster[name].parts
		}
	}
	for _, part := range m.announced {
		s.announced[part] = true
	}
	for part := range m.running {
		s.running[part] = true
	}
	return decide(s, assign(s.parts, live))
}

// start does a part until its context ends.
func (m *member) start(ctx context.Context, part string) {
	working, cancel := context.WithCancel(ctx)
	m.running[part] = cancel
	go func() {
		defer func() { m.ended <- part }()
		defer cancel()
		m.work.Do(working, part)
		<-working.Done()
	}()
}

// wait waits for some time, but not longer than until a part has ended or ctx ends.
func (m *member) wait(ctx context.Context, d time.Duration) {
	stopped := ctx.Done()
	if ctx.Err() != nil {
		stopped = nil
	}
	select {
	case part := <-m.ended:
		delete(m.running, part)
		m.collect()
	case <-stopped:
	case <-time.After(d):
	}
}

// together is the time in which parts that end cost one update of the Lease.
const together = 100 * time.Millisecond

// collect notes the parts that end within a short time.
func (m *member) collect() {
	for end := time.After(together); ; {
		select {
		case part := <-m.ended:
			delete(m.running, part)
		case <-end:
			return
		}
	}
}

// endAll ends all parts.
func (m *member) endAll() {
	for _, cancel := range m.running {
		cancel()
	}
	for len(m.running) > 0 {
		delete(m.running, <-m.ended)
	}
}

// renew renews the Lease. A conflict can be the work of an update whose answer was lost.
func (m *member) renew(ctx context.Context) error {
	err := m.announce(ctx)
	if hasStatus(err, http.StatusNotFound) {
		return errTaken // it was deleted, so the others take this replica for dead
	}
	if !hasStatus(err, http.StatusConflict) {
		return err
	}
	if err := m.list(ctx); err != nil {
		return err
	}
	own := m.roster[m.name]
	if own == nil || own.spec.Leader != m.identity {
		return errTaken
	}
	m.metadata = own.metadata
	return m.announce(ctx)
}

// announce writes the Lease with the claims.
func (m *member) announce(ctx context.Context) error {
	text, err := json.Marshal(slices.AppendSeq([]string{}, slices.Values(m.claims)))
	if err != nil {
		return err
	}
	if m.metadata, err = annotated(m.metadata, partsAnnotation, string(text)); err != nil {
		return err
	}
	claims := m.claims
	if _, err = m.put(ctx); err == nil {
		m.announced = claims
	}
	return err
}

// list reads the Leases of all replicas.
func (m *member) list(ctx context.Context) error {
	sent := time.Now()
	found, err := m.leases.list(ctx, shareLabel, m.election)
	if err == nil {
		m.roster.see(found, time.Now(), m.sent.IsZero())
		m.sent = sent
	}
	return err
}

// release releases the Lease. An update of this replica that was interrupted may still
// arrive, so release retries after a conflict.
func (m *member) release(ctx context.Context) error {
	for {
		if err := m.list(ctx); err != nil {
			return err
		}
		own := m.roster[m.name]
		if own == nil || own.spec.Leader != m.identity {
			return nil
		}
		metadata, err := annotated(own.metadata, partsAnnotation, "[]")
		if err == nil {
			_, err = m.leases.update(ctx, m.name, metadata, own.spec.released(time.Now()))
		}
		if !hasStatus(err, http.StatusConflict) {
			return err
		}
	}
}

// warn logs a failure once, until another one or a success.
func (m *member) warn(ctx context.Context, what string, err error) {
	text := ""
	if err != nil && ctx.Err() == nil {
		text = err.Error()
	}
	if text != "" && text != m.logged {
		m.log.Warn(what, "err", err)
	}
	m.logged = text
}
