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
	cfg        Config
	kind, host string
	message    message
	// needsCommit skips events without a commit, and messages about plans: a commit status
	// stays until the next one.
	needsCommit bool
	client      *http.Client
	retry       retryPolicy
	count       func(result string)

	mu   sync.Mutex
	last outcome
	plan notified
	// timing wakes the worker: a reminder may be due at another time.
	timing chan struct{}
	queue  chan notice
}

// notice is one message to a target.
type notice struct {
	kind kind
	Event
	// plan is the plan that a message about an approval is about.
	plan *Pending
}

// kind is the type of a message, as a signed webhook contains it.
type kind string

const (
	commitStatus     kind = "commit status"
	revisionApplied  kind = "revision.applied"
	revisionFailed   kind = "revision.failed"
	approvalPending  kind = "approval.pending"
	approvalReminder kind = "approval.reminder"
	// approvalClosed means that the plan was approved, or that it is not the plan any more.
	approvalClosed kind = "approval.closed"
)

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
	known  bool
	commit string
	state  state
	// planID is of the plan that a revision waits for.
	planID string
}

func (e Event) outcome() outcome {
	o := outcome{known: true, commit: e.Commit, state: e.state()}
	if o.state == waiting {
		o.planID = e.Pending.PlanID
	}
	return o
}

// enqueue queues what is new in an event. A full queue drops its oldest message.
func (t *target) enqueue(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.next(e) {
		t.push(n)
	}
	select {
	case t.timing <- struct{}{}:
	default:
	}
}

// next returns the messages that an event causes. A webhook gets no message about a
// revision that only waits for approval, but one about the plan.
func (t *target) next(e Event) (out []notice) {
	if t.needsCommit && e.Commit == "" {
		return nil
	}
	changed := t.last != e.outcome()
	t.last = e.outcome()
	switch {
	case t.needsCommit && changed:
		return []notice{{kind: commitStatus, Event: e}}
	case t.needsCommit:
		return nil
	case changed && e.state() == succeeded:
		out = append(out, notice{kind: revisionApplied, Event: e})
	case changed && e.state() == failing:
		out = append(out, notice{kind: revisionFailed, Event: e})
	}
	return append(out, t.plan.next(e, time.Now())...)
}

func (t *target) push(n notice) {
	for {
		select {
		case t.queue <- n:
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

// run sends until ctx ends, and then the queued messages until sending ends.
func (t *target) run(ctx, sending context.Context, log *slog.Logger) {
	defer t.client.CloseIdleConnections()
	defer t.unconfirm()
	for {
		select {
		case n := <-t.queue:
			t.send(sending, n, log)
		case <-t.reminderDue():
			t.remind()
		case <-t.timing:
		case <-ctx.Done():
			for len(t.queue) > 0 {
				t.send(sending, <-t.queue, log)
			}
			return
		}
	}
}

func (t *target) unconfirm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plan.confirmed = false
}

// reminderDue returns nil, on which a select waits forever, if no reminder will be due.
func (t *target) reminderDue() <-chan time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.plan.remindAt()
	if at.IsZero() {
		return nil
	}
	return time.After(time.Until(at))
}

// remind queues the reminder that is due, if it still is.
func (t *target) remind() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n, due := t.plan.reminder(time.Now()); due {
		t.push(n)
	}
}

// send retries until the target accepts the message, rejects it, or the time is over.
func (t *target) send(ctx context.Context, n notice, log *slog.Logger) {
	log = log.With("type", string(n.kind), "commit", n.Commit, "applied", n.Applied)
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = t.retry.interval, t.retry.maxInterval, 0.5
	id := newID()
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, t.attempt(ctx, n, id) },
		backoff.WithBackOff(retry), backoff.WithMaxElapsedTime(t.retry.total),
		backoff.WithNotify(func(err error, wait time.Duration) {
			log.Warn("notification failed, will retry", "err", err, "retry_in", wait.Round(time.Millisecond).String())
		}))
	if err != nil {
		t.forget(n)
		t.count(failed)
		log.Error("notification failed; the next sync sends what is still true again", "err", err)
		return
	}
	t.count(sent)
	log.Info("notification sent")
}

// forget lets a message that could not be sent be queued again. That a plan is closed is
// sent once.
func (t *target) forget(n notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case n.plan != nil:
		t.plan.failed(n.plan.PlanID)
	case t.last == n.outcome():
		t.last = outcome{}
	}
}
