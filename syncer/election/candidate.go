// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
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
	leases   coordination.LeasesGetter
	terms    terms
}

// New returns a candidate. Its identity is the host name and a random suffix.
func New(cfg Config) (*Candidate, error) {
	leases, err := cfg.leases()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("join the election: get the host name: %w", err)
	}
	return &Candidate{identity: host + "_" + rand.Text(), cfg: cfg, leases: leases, terms: defaultTerms()}, nil
}

// leases makes the client of Kubernetes.
func (c Config) leases() (coordination.LeasesGetter, error) {
	restConfig, err := c.restConfig()
	if err != nil {
		return nil, err
	}
	restConfig.UserAgent, restConfig.Timeout = "relay-sync", 10*time.Second
	restConfig.ContentType = "application/json" // readable in logs of a proxy, unlike protobuf
	leases, err := coordination.NewForConfig(restConfig)
	if err != nil {
		return nil, fmt.Errorf("join the election: %w", err)
	}
	return leases, nil
}

// refresh makes the client again, because the files of authorities and certificates may
// have been replaced. If they cannot be used, the client stays as it is.
func (c *Candidate) refresh() {
	if leases, err := c.cfg.leases(); err == nil {
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
	// The lease is kept until the work has ended, so the election outlives ctx.
	elected, cancelElection := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelElection()
	lock, t := c.lock(), newTerm()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: c.terms.lease, RenewDeadline: c.terms.renew, RetryPeriod: c.terms.retry,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				t.run(func() {
					leading, cancel := context.WithCancel(leading)
					defer cancel()
					defer context.AfterFunc(ctx, cancel)()
					log.Info("elected as leader", "identity", c.identity)
					work(leading)
				})
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				if identity != c.identity {
					log.Info("standby", "leader", identity)
				}
			},
		},
	})
	if err != nil {
		panic("election: " + err.Error()) // the terms are constants of this package
	}
	defer context.AfterFunc(ctx, func() {
		t.end()
		cancelElection()
	})()
	elector.Run(klog.NewContext(elected, logr.FromSlogHandler(log.Handler())))
	t.end()
	switch {
	case ctx.Err() == nil:
		log.Warn("lease lost, work stopped")
	case elector.IsLeader():
		if err := c.release(lock); err != nil {
			log.Warn("lease not released, so other replicas wait until it expires", "err", err)
		}
	}
}

// term is the work of one term. client-go starts it in its own goroutine.
type term struct {
	mu             sync.Mutex
	started, ended bool
	done           chan struct{}
}

func newTerm() *term { return &term{done: make(chan struct{})} }

// run does the work, unless the term has already ended.
func (t *term) run(work func()) {
	t.mu.Lock()
	start := !t.ended
	t.started = start
	t.mu.Unlock()
	if start {
		defer close(t.done)
		work()
	}
}

// end prevents work from starting, and waits for work that has started.
func (t *term) end() {
	t.mu.Lock()
	t.ended = true
	started := t.started
	t.mu.Unlock()
	if started {
		<-t.done
	}
}

func (c *Candidate) lock() resourcelock.Interface {
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: c.cfg.Lease, Namespace: c.cfg.Namespace},
		Client:     c.leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.identity},
	}
}

// release releases the lease after the work has ended. client-go's own release
// (ReleaseOnCancel) does not wait for the work. An update of this candidate that was
// interrupted may still arrive, so release retries after a conflict.
func (c *Candidate) release(lock resourcelock.Interface) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.terms.lease-c.terms.renew)
	defer cancel()
	for {
		record, _, err := lock.Get(ctx)
		if err != nil {
			return fmt.Errorf("read the lease: %w", err)
		}
		if record.HolderIdentity != c.identity {
			return nil
		}
		now := metav1.Now()
		err = lock.Update(ctx, resourcelock.LeaderElectionRecord{
			LeaderTransitions: record.LeaderTransitions, LeaseDurationSeconds: 1, AcquireTime: now, RenewTime: now,
		})
		if !errors.IsConflict(err) {
			return err
		}
	}
}
