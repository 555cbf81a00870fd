// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// target is one address that is told, by one worker.
type target struct {
	kind, host string
	message    message
	// needsCommit leaves out events without one.
	needsCommit bool
	client      *http.Client
	retry       retryPolicy
	count       func(result string)

	mu    sync.Mutex
	last  outcome
	queue chan Event
}

// retry is how long an attempt may take, and when there is another.
type retryPolicy struct {
	attempt, first, longest, altogether time.Duration
}

func defaultRetryPolicy() retryPolicy {
	return retryPolicy{attempt: 15 * time.Second, first: time.Second, longest: time.Minute, altogether: 10 * time.Minute}
}

// outcome is what makes an event worth telling: another revision, or another outcome.
type outcome struct {
	told    bool
	commit  string
	applied bool
}

func (e Event) outcome() outcome { return outcome{told: true, commit: e.Commit, applied: e.Applied} }

// enqueue queues an event that is news; a full queue loses its oldest.
func (t *target) enqueue(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == e.outcome() || t.needsCommit && e.Commit == "" {
		return
	}
	t.last = e.outcome()
	for {
		select {
		case t.queue <- e:
			return
		default:
		}
		select {
		case <-t.queue:
			t.count(dropped)
		default: // the worker was faster
		}
	}
}

// run sends until ctx ends, then what waits, while sending lasts.
func (t *target) run(ctx, sending context.Context, log *slog.Logger) {
	defer t.client.CloseIdleConnections()
	for {
		select {
		case e := <-t.queue:
			t.send(sending, e, log)
		case <-ctx.Done():
			for len(t.queue) > 0 {
				t.send(sending, <-t.queue, log)
			}
			return
		}
	}
}

// send tries until the target took it, refused it, or time is up.
func (t *target) send(ctx context.Context, e Event, log *slog.Logger) {
	log = log.With("commit", e.Commit, "applied", e.Applied)
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = t.retry.first, t.retry.longest, 0.5
	id := newID()
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, t.attempt(ctx, e, id) },
		backoff.WithBackOff(retry), backoff.WithMaxElapsedTime(t.retry.altogether),
		backoff.WithNotify(func(err error, wait time.Duration) {
			log.Warn("not notified yet", "err", err, "again_in", wait.Round(time.Millisecond).String())
		}))
	if err != nil {
		t.forget(e)
		t.count(failed)
		log.Error("not notified, until there is a next round", "err", err)
		return
	}
	t.count(sent)
	log.Info("notified")
}

// forget makes an event that could not be told news again.
func (t *target) forget(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == e.outcome() {
		t.last = outcome{}
	}
}
