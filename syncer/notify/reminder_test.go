// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inMemory answers requests without a network, so that time can be simulated.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// simulated is a notifier with one webhook in simulated time.
type simulated struct {
	*Notifier
	*server
	t *testing.T
}

func newSimulated(t *testing.T, s *server, cfg Config) simulated {
	t.Helper()
	n, err := New(map[string][]Config{"shop": {cfg}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n.targets["shop"][0].client = &http.Client{Transport: inMemory{s.Config.Handler}}
	return simulated{n, s, t}
}

// run runs the notifier until stop.
func (s simulated) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx, slog.New(slog.DiscardHandler), "shop")
	}()
	return func() {
		cancel()
		<-ended
	}
}

// after asserts which messages arrived once a time has passed, and forgets them.
func (s simulated) after(d time.Duration, want ...string) {
	s.t.Helper()
	time.Sleep(d) // of the simulation
	synctest.Wait()
	if diff := cmp.Diff(want, messages(s.t, s.requests())); diff != "" {
		s.t.Errorf("after %s: %s", d, diff)
	}
	s.mu.Lock()
	s.got = nil
	s.mu.Unlock()
}

func unstarted(handler http.Handler) *httptest.Server { return httptest.NewUnstartedServer(handler) }

func TestReminderIsSentUntilThePlanIsClosedWithoutASync(t *testing.T) {
	t.Parallel()
	s, cfg := newServer(t, unstarted, 204), Config{Webhook: &Webhook{URL: "http://127.0.0.1:1", SecretFile: file(t, secret)}}
	synctest.Test(t, func(t *testing.T) {
		n := newSimulated(t, s, cfg)
		defer n.run()()
		n.Send(waitsFor("a"))
		n.after(0, "approval.pending a")
		n.after(24*time.Hour - time.Second)
		n.after(time.Second, "approval.reminder a")
		n.after(23 * time.Hour)
		n.Send(waitsFor("a"))
		n.after(time.Hour, "approval.reminder a")
		n.after(12 * time.Hour)
		n.Send(waitsFor("b"))
		n.after(0, "approval.closed a", "approval.pending b")
		n.after(23 * time.Hour)
		n.after(time.Hour, "approval.reminder b")
		n.Send(applied)
		n.after(0, "revision.applied", "approval.closed b")
		n.after(1000 * time.Hour)
		never := waitsFor("c")
		never.Pending.Remind = 0
		n.Send(never)
		n.after(1000*time.Hour, "approval.pending c")
	})
}

// TestElectedReplicaSendsNoReminderBeforeItsFirstSync: another replica may have decided
// the plan in between.
func TestElectedReplicaSendsNoReminderBeforeItsFirstSync(t *testing.T) {
	t.Parallel()
	s, cfg := newServer(t, unstarted, 204), Config{Webhook: &Webhook{URL: "http://127.0.0.1:1", SecretFile: file(t, secret)}}
	synctest.Test(t, func(t *testing.T) {
		n := newSimulated(t, s, cfg)
		stop := n.run()
		n.Send(waitsFor("a"))
		n.after(time.Hour, "approval.pending a")
		stop()
		n.after(30 * time.Hour)
		stop = n.run()
		defer stop()
		n.after(30 * time.Hour)
		n.Send(waitsFor("a"))
		n.after(time.Second, "approval.reminder a")
		n.after(24*time.Hour, "approval.reminder a")
	})
}

func TestReloadRepeatsNothingAndARestartRepeatsOnce(t *testing.T) {
	t.Parallel()
	s, cfg := newServer(t, unstarted, 204), Config{Webhook: &Webhook{URL: "http://127.0.0.1:1", SecretFile: file(t, secret)}}
	other := Config{Webhook: &Webhook{URL: "http://127.0.0.1:2", SecretFile: cfg.Webhook.SecretFile}}
	synctest.Test(t, func(t *testing.T) {
		n := newSimulated(t, s, cfg)
		stop := n.run()
		n.Send(applied)
		n.Send(waitsFor("a"))
		n.after(23*time.Hour, "revision.applied", "approval.pending a")
		stop()

		reloaded := newSimulated(t, s, cfg)
		reloaded.Continue(n.Notifier)
		stop = reloaded.run()
		reloaded.Send(waitsFor("a"))
		reloaded.after(time.Second)
		reloaded.after(time.Hour, "approval.reminder a")
		stop()

		moved := newSimulated(t, s, other)
		moved.Continue(reloaded.Notifier)
		stop = moved.run()
		moved.Send(waitsFor("a"))
		moved.after(time.Second, "approval.pending a")
		stop()

		restarted := newSimulated(t, s, cfg)
		defer restarted.run()()
		restarted.Send(waitsFor("a"))
		restarted.after(time.Second, "approval.pending a")
		restarted.after(24*time.Hour, "approval.reminder a")
	})
}
