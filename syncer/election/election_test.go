// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// group is the replicas of one election, and how many of them work.
type group struct {
	t       *testing.T
	api     *leasetest.Server
	working atomic.Int32
}

// replica is a candidate that runs in its own goroutine.
type replica struct {
	stop, stopped chan struct{}
	finished      chan struct{} // the work ends when it is closed
	working       atomic.Bool
	once          sync.Once
}

func (g *group) join(name string) *replica {
	g.t.Helper()
	kubeconfig := filepath.Join(g.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(g.api.Kubeconfig(name)), 0o600); err != nil {
		g.t.Fatal(err)
	}
	c, err := New(Config{Lease: "relay-sync", Namespace: "prod", Kubeconfig: kubeconfig})
	if err != nil {
		g.t.Fatal(err)
	}
	c.terms = terms{lease: 3 * time.Second, renew: time.Second, retry: 100 * time.Millisecond}
	out := &replica{stop: make(chan struct{}), stopped: make(chan struct{}), finished: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-out.stop
		cancel()
	}()
	go func() {
		defer close(out.stopped)
		c.Run(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context) {
			if g.working.Add(1) > 1 {
				g.t.Error("two replicas work at the same time")
			}
			out.working.Store(true)
			<-ctx.Done()
			<-out.finished
			out.working.Store(false)
			g.working.Add(-1)
		})
	}()
	g.t.Cleanup(func() {
		out.end()
		<-out.stopped
	})
	return out
}

// finish lets the work end as soon as its context ends.
func (p *replica) finish() *replica {
	close(p.finished)
	return p
}

func (p *replica) end() { p.once.Do(func() { close(p.stop) }) }

func until(t *testing.T, what string, reached func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	if !await.Until(30*time.Second, reached) {
		t.Fatalf("timed out waiting until %s", what)
	}
	return time.Since(start)
}

func TestStopReleasesLeaseAfterWorkEnded(t *testing.T) {
	t.Parallel()
	g := &group{t: t, api: leasetest.New(t)}
	first := g.join("first")
	until(t, "the first works", first.working.Load)
	second := g.join("second").finish()
	first.end()
	// The work of the first replica takes longer than the lease is valid without renewal.
	expiry := time.Now().Add(3500 * time.Millisecond)
	until(t, "the lease would have expired", func() bool { return time.Now().After(expiry) })
	if second.working.Load() {
		t.Fatal("the second works before the first has ended its work")
	}
	first.finish()
	if took := until(t, "the second works", second.working.Load); took > 2*time.Second {
		t.Errorf("the lease was not released: the second was elected after %v", took)
	}
	<-first.stopped
	want := []string{"GET " + leasetest.Path + "/relay-sync", "POST " + leasetest.Path, "PUT " + leasetest.Path + "/relay-sync"}
	if diff := cmp.Diff(want, g.api.Requests()); diff != "" {
		t.Error(diff)
	}
}

func TestDisconnectedLeaderStopsBeforeAnotherIsElected(t *testing.T) {
	t.Parallel()
	g := &group{t: t, api: leasetest.New(t)}
	first := g.join("first").finish()
	until(t, "the first works", first.working.Load)
	second := g.join("second").finish()
	g.api.Disconnect("first", true)
	until(t, "the first has stopped", func() bool { return !first.working.Load() })
	if second.working.Load() {
		t.Error("the second did not wait for the lease to expire")
	}
	until(t, "the second works", second.working.Load)
	// The first is a candidate again, and is elected again.
	g.api.Disconnect("first", false)
	second.end()
	until(t, "the first works again", first.working.Load)
}

func TestStandbyStopsAtOnce(t *testing.T) {
	t.Parallel()
	g := &group{t: t, api: leasetest.New(t)}
	first := g.join("first").finish()
	until(t, "the first works", first.working.Load)
	second := g.join("second").finish()
	second.end()
	<-second.stopped
	if !first.working.Load() || second.working.Load() {
		t.Error("stopping a standby changed the leader")
	}
}

func TestNewRejectsInvalidConfig(t *testing.T) {
	t.Parallel()
	if p := (Config{Lease: "relay-sync", Namespace: "prod"}).Problems(); len(p) > 0 {
		t.Errorf("a valid configuration has problems: %v", p)
	}
	if p := (Config{Lease: "Relay_Sync", Namespace: "a.b"}).Problems(); len(p) != 2 || p[0].Path != "lease" || p[1].Path != "namespace" {
		t.Errorf("an invalid configuration has no problem for a key: %v", p)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte("users: [{name: u, user: {token: hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	fifo, missing := filepath.Join(t.TempDir(), "fifo"), filepath.Join(t.TempDir(), "missing")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(inner, []byte(fmt.Sprintf(`{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
"clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1", "certificate-authority": %q}}], "users": [{"name": "u", "user": {"token": "hunter2"}}]}`, fifo)), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		inner: "read " + fifo + ": not a regular file",
		path:  path + " is not a kubeconfig with a current context", missing: "read " + missing + ": no such file", fifo: "read " + fifo + ": not a regular file",
	} {
		_, err := New(Config{Lease: "l", Namespace: "n", Kubeconfig: file})
		if err == nil || !strings.Contains(err.Error(), "election.kubeconfig: "+want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
