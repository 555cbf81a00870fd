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

// target is one receiver of notifications, with one worker.
type target struct {
	kind, host string
	message    message
	// needsCommit skips events without a commit.
	needsCommit bool
	client      *http.Client
	retry       retryPolicy
	count       func(result string)

	mu    sync.Mutex
	last  outcome
	queue chan Event
}

// retryPolicy limits the time of one attempt, the interval between attempts and the
// time of all attempts together.
type retryPolicy struct {
	attempt, interval, maxInterval, total time.Duration
}

func defaultRetryPolicy() retryPolicy {
	return retryPolicy{attempt: 15 * time.Second, interval: time.Second, maxInterval: time.Minute, total: 10 * time.Minute}
}

// outcome identifies what a target is notified of. Events with the same outcome as
// the last one are skipped.
type outcome struct {
	known   bool
	commit  string
	applied bool
}

func (e Event) outcome() outcome { return outcome{known: true, commit: e.Commit, applied: e.Applied} }

// enqueue queues an event with a new outcome. A full queue drops its oldest event.
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
		default: // the worker took one in the meantime
		}
	}
}

// run sends until ctx ends, and then the queued events until sending ends.
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

// send retries until the target accepts the event, rejects it, or the time is over.
func (t *target) send(ctx context.Context, e Event, log *slog.Logger) {
	log = log.With("commit", e.Commit, "applied", e.Applied)
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = t.retry.interval, t.retry.maxInterval, 0.5
	id := newID()
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, t.attempt(ctx, e, id) },
		backoff.WithBackOff(retry), backoff.WithMaxElapsedTime(t.retry.total),
		backoff.WithNotify(func(err error, wait time.Duration) {
			log.Warn("notification failed, will retry", "err", err, "retry_in", wait.Round(time.Millisecond).String())
		}))
	if err != nil {
		t.forget(e)
		t.count(failed)
		log.Error("notification failed; the next sync sends it again", "err", err)
		return
	}
	t.count(sent)
	log.Info("notification sent")
}

// forget lets an outcome that could not be sent be queued again.
func (t *target) forget(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == e.outcome() {
		t.last = outcome{}
	}
}
