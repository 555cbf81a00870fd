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

// terms are the times of an election. Between renew and lease lies the time in which
// who lost it ends its work.
type terms struct {
	// lease is how long the others wait after the last sign of life, renew how long
	// the holder tries to give one, retry how far the tries are apart.
	lease, renew, retry time.Duration
}

func usualTerms() terms {
	return terms{lease: 30 * time.Second, renew: 20 * time.Second, retry: 3 * time.Second}
}

// Candidate takes part in an election.
type Candidate struct {
	identity string
	cfg      Config
	leases   coordination.LeasesGetter
	terms    terms
}

// New makes a candidate. Its identity is this host's name and a random part.
func New(cfg Config) (*Candidate, error) {
	config, err := cfg.restConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent, config.Timeout = "relay-sync", 10*time.Second
	config.ContentType = "application/json" // which what lies between here and Kubernetes can log
	leases, err := coordination.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("joining the election: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("joining the election: finding this host's name: %w", err)
	}
	return &Candidate{identity: host + "_" + rand.Text(), cfg: cfg, leases: leases, terms: usualTerms()}, nil
}

// Run does the work whenever it is elected, until ctx ends. The context of the work
// ends with ctx, and when the lease is lost; Run goes on once the work has returned.
func (c *Candidate) Run(ctx context.Context, log *slog.Logger, work func(context.Context)) {
	log = log.With("lease", c.cfg.Namespace+"/"+c.cfg.Lease)
	for ctx.Err() == nil {
		c.stand(ctx, log, work)
	}
}

// stand waits to be elected, and does the work of one term.
func (c *Candidate) stand(ctx context.Context, log *slog.Logger, work func(context.Context)) {
	// The lease is kept until the work has ended, so the election outlives ctx.
	elected, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	lock, t := c.lock(), newTerm()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: c.terms.lease, RenewDeadline: c.terms.renew, RetryPeriod: c.terms.retry,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				t.run(func() {
					leading, cancel := context.WithCancel(leading)
					defer cancel()
					defer context.AfterFunc(ctx, cancel)()
					log.Info("elected", "identity", c.identity)
					work(leading)
				})
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				if identity != c.identity {
					log.Info("standing by", "elected", identity)
				}
			},
		},
	})
	if err != nil {
		panic("election: " + err.Error()) // the terms are ours
	}
	defer context.AfterFunc(ctx, func() {
		t.end()
		giveUp()
	})()
	elector.Run(klog.NewContext(elected, logr.FromSlogHandler(log.Handler())))
	t.end()
	switch {
	case ctx.Err() == nil:
		log.Warn("lease lost, no longer working")
	case elector.IsLeader():
		if err := c.release(lock); err != nil {
			log.Warn("lease not given back, so the others wait until it runs out", "err", err)
		}
	}
}

// term is the work of one term, which client-go begins on its own.
type term struct {
	mu          sync.Mutex
	begun, over bool
	done        chan struct{}
}

func newTerm() *term { return &term{done: make(chan struct{})} }

// run does the work, unless the term has ended before it began.
func (t *term) run(work func()) {
	t.mu.Lock()
	begin := !t.over
	t.begun = begin
	t.mu.Unlock()
	if begin {
		defer close(t.done)
		work()
	}
}

// end waits for work that has begun, and lets none begin any more.
func (t *term) end() {
	t.mu.Lock()
	t.over = true
	begun := t.begun
	t.mu.Unlock()
	if begun {
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

// release gives the lease back. client-go would do so while the work still ends
// where the lease was lost, and where it was not would keep the work's context
// alive meanwhile; so it is done here, after the work. An update of ours that was
// cut off may still arrive, hence the tries.
func (c *Candidate) release(lock resourcelock.Interface) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.terms.lease-c.terms.renew)
	defer cancel()
	for {
		record, _, err := lock.Get(ctx)
		if err != nil {
			return fmt.Errorf("reading the lease: %w", err)
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
