// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// queueLength limits the events that wait for a target. The oldest is dropped
	// for a new one.
	queueLength = 64
	// grace is how long a stop waits for queued events to be sent.
	grace = 5 * time.Second
)

// The results that the metric counts.
const (
	sent    = "sent"
	failed  = "failed"
	dropped = "dropped"
)

// Notifier sends events to targets. It is safe for concurrent use.
type Notifier struct {
	targets map[string][]*target // by source
	total   *prometheus.CounterVec
}

// New returns a notifier for the targets of each source, by name. The error lists
// every file that cannot be used.
func New(sources map[string][]Config, registry prometheus.Registerer) (*Notifier, error) {
	n := &Notifier{
		targets: map[string][]*target{},
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_notifications_total",
			Help: "Notifications by source, kind (github, gitlab, gitea, webhook) and result: sent, failed, dropped.",
		}, []string{"source", "kind", "result"}),
	}
	var errs []error
	for source, configs := range sources {
		for _, cfg := range configs {
			t, err := newTarget(cfg)
			if err != nil {
				errs = append(errs, fmt.Errorf("source %q: %w", source, err))
				continue
			}
			t.count = func(result string) { n.total.WithLabelValues(source, t.kind, result).Inc() }
			n.targets[source] = append(n.targets[source], t)
		}
	}
	if registry != nil {
		registry.MustRegister(n.total)
	}
	return n, errors.Join(errs...)
}

// newTarget makes a target. It reads each credential once, to fail early if the file
// cannot be used.
func newTarget(cfg Config) (*target, error) {
	t := &target{cfg: cfg, queue: make(chan notice, queueLength), timing: make(chan struct{}, 1), retry: defaultRetryPolicy()}
	var address, caCert, proxy string
	var err error
	status := func(kind string, h *Host, otherwise string, make func(Host) message) {
		t.kind, t.message, t.needsCommit = kind, make(*h), true
		address, caCert, proxy = cmp.Or(h.URL, otherwise), h.CACert, h.Proxy
		_, err = readToken(kind, *h)
	}
	switch {
	case cfg.GitHub != nil:
		status("github", cfg.GitHub, gitHubAPI, gitHubStatus)
	case cfg.GitLab != nil:
		status("gitlab", cfg.GitLab, gitLabServer, gitLabStatus)
	case cfg.Gitea != nil:
		status("gitea", cfg.Gitea, "", giteaStatus)
	case cfg.Webhook != nil:
		t.kind, t.message = "webhook", signed(*cfg.Webhook)
		address, caCert, proxy = cfg.Webhook.URL, cfg.Webhook.CACert, cfg.Webhook.Proxy
		_, err = readSigningKey(*cfg.Webhook)
	}
	if err != nil {
		return nil, err
	}
	t.host = hostOf(address)
	t.client, err = newClient(caCert, proxy)
	return t, err
}

// Continue lets the targets that a former notifier has, too, go on from what they were
// notified of. Call it after the former one's Run, and before Run.
func (n *Notifier) Continue(former *Notifier) {
	for source, targets := range n.targets {
		for _, t := range targets {
			same := slices.IndexFunc(former.targets[source], func(f *target) bool { return reflect.DeepEqual(f.cfg, t.cfg) })
			if same >= 0 {
				t.last, t.plan = former.targets[source][same].last, former.targets[source][same].plan
			}
		}
	}
}

// Send queues an event for the targets of its source, unless they were already
// notified of this outcome. It returns at once.
func (n *Notifier) Send(e Event) {
	for _, t := range n.targets[e.Source] {
		t.enqueue(e)
	}
}

// Run sends queued events of a source until ctx ends, and then the remaining ones, for a few
// seconds at most.
func (n *Notifier) Run(ctx context.Context, log *slog.Logger, source string) {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	var work sync.WaitGroup
	for _, t := range n.targets[source] {
		work.Go(func() { t.run(ctx, sending, log.With("source", source, "kind", t.kind, "host", t.host)) })
	}
	work.Wait()
}
