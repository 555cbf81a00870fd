// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// ring is the replicas of one election, and how many of them work.
type ring struct {
	t       *testing.T
	api     *leasetest.Server
	working atomic.Int32
}

// replica is a candidate at work in its own goroutine.
type replica struct {
	stop, stopped chan struct{}
	linger        chan struct{} // the work ends once it is closed
	working       atomic.Bool
	once          sync.Once
}

func (r *ring) join(name string) *replica {
	r.t.Helper()
	kubeconfig := filepath.Join(r.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(r.api.Kubeconfig(name)), 0o600); err != nil {
		r.t.Fatal(err)
	}
	c, err := New(Config{Lease: "relay-sync", Namespace: "prod", Kubeconfig: kubeconfig})
	if err != nil {
		r.t.Fatal(err)
	}
	c.terms = terms{lease: 3 * time.Second, renew: time.Second, retry: 100 * time.Millisecond}
	out := &replica{stop: make(chan struct{}), stopped: make(chan struct{}), linger: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-out.stop
		cancel()
	}()
	go func() {
		defer close(out.stopped)
		c.Run(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context) {
			if r.working.Add(1) > 1 {
				r.t.Error("two work at once")
			}
			out.working.Store(true)
			<-ctx.Done()
			<-out.linger
			out.working.Store(false)
			r.working.Add(-1)
		})
	}()
	r.t.Cleanup(func() {
		out.end()
		<-out.stopped
	})
	return out
}

// finish lets work end as soon as it is told to.
func (p *replica) finish() *replica {
	close(p.linger)
	return p
}

func (p *replica) end() { p.once.Do(func() { close(p.stop) }) }

func until(t *testing.T, what string, reached func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	if !await.Until(30*time.Second, reached) {
		t.Fatalf("never: %s", what)
	}
	return time.Since(begun)
}

func TestWithAStandInForKubernetesAStopHandsOverAtOnceAndAfterTheWork(t *testing.T) {
	t.Parallel()
	r := &ring{t: t, api: leasetest.New(t)}
	first := r.join("first")
	until(t, "the first works", first.working.Load)
	second := r.join("second").finish()
	first.end()
	// The work of the first goes on for longer than the lease would last by itself.
	held := time.Now().Add(3500 * time.Millisecond)
	until(t, "the lease is renewed meanwhile", func() bool { return time.Now().After(held) })
	if second.working.Load() {
		t.Fatal("the second works while the first still ends its work")
	}
	first.finish()
	if took := until(t, "the second works", second.working.Load); took > 2*time.Second {
		t.Errorf("the lease was not given back: it took %v", took)
	}
	<-first.stopped
	want := []string{"GET " + leasetest.Path + "/relay-sync", "POST " + leasetest.Path, "PUT " + leasetest.Path + "/relay-sync"}
	if diff := cmp.Diff(want, r.api.Requests()); diff != "" {
		t.Error(diff)
	}
}

func TestWithAStandInForKubernetesWhoIsCutOffStopsBeforeAnotherTakesOver(t *testing.T) {
	t.Parallel()
	r := &ring{t: t, api: leasetest.New(t)}
	first := r.join("first").finish()
	until(t, "the first works", first.working.Load)
	second := r.join("second").finish()
	r.api.Disconnect("first", true)
	until(t, "the first has stopped", func() bool { return !first.working.Load() })
	if second.working.Load() {
		t.Error("the second did not wait for the lease to run out")
	}
	until(t, "the second works", second.working.Load)
	// It stands again, and is elected again.
	r.api.Disconnect("first", false)
	second.end()
	until(t, "the first works again", first.working.Load)
}

func TestWithAStandInForKubernetesAStandbyStopsAtOnce(t *testing.T) {
	t.Parallel()
	r := &ring{t: t, api: leasetest.New(t)}
	first := r.join("first").finish()
	until(t, "the first works", first.working.Load)
	second := r.join("second").finish()
	second.end()
	<-second.stopped
	if !first.working.Load() || second.working.Load() {
		t.Error("the stop of a standby changed who works")
	}
}

func TestWhatIsNoLeaseIsRefused(t *testing.T) {
	t.Parallel()
	if p := (Config{Lease: "relay-sync", Namespace: "prod"}).Problems(); len(p) > 0 {
		t.Errorf("refused: %v", p)
	}
	if p := (Config{Lease: "Relay_Sync", Namespace: "a.b"}).Problems(); p["lease"] == "" || p["namespace"] == "" {
		t.Errorf("not refused: %v", p)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte("users: [{name: u, user: {token: hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, filepath.Join(t.TempDir(), "none")} {
		_, err := New(Config{Lease: "l", Namespace: "n", Kubeconfig: file})
		if err == nil || !strings.Contains(err.Error(), "no kubeconfig with a current context") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestATermThatEndedBeginsNoWork(t *testing.T) {
	t.Parallel()
	late := newTerm()
	late.end()
	late.run(func() { t.Error("the work began after the end") })
}
