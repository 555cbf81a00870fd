// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the daemon counts. No label names a workflow or a secret.
type metrics struct {
	rounds   *prometheus.CounterVec
	duration *prometheus.HistogramVec
	success  *prometheus.GaugeVec
	secrets  *prometheus.GaugeVec
	changes  *prometheus.CounterVec
	held     *prometheus.GaugeVec
	suspend  *prometheus.GaugeVec
	fetches  *prometheus.CounterVec
	fetching *prometheus.HistogramVec
	reload   prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, sources []Source) *metrics {
	m := &metrics{
		rounds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_reconcile_total",
			Help: "Rounds by source and result: clean, pending (drift was left), failed.",
		}, []string{"source", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "relay_sync_reconcile_duration_seconds",
			Help:    "How long rounds took.",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
		}, []string{"source"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_last_success_timestamp_seconds",
			Help: "When the last round ended of which everything is in Vault.",
		}, []string{"source"}),
		secrets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_secrets",
			Help: "Secrets of the last round by state: unchanged, blocked, drifted, failed.",
		}, []string{"source", "state"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_changes_total",
			Help: "Changes of Vault by action: add, change, repair, adopt, delete, release, re-encrypted (the record alone).",
		}, []string{"source", "action"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_approval_pending",
			Help: "1 where a part of the plan waits for apply --approve.",
		}, []string{"source"}),
		suspend: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_suspended",
			Help: "1 where the configuration suspends the source.",
		}, []string{"source"}),
	}
	m.fetches = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "relay_sync_git_fetch_total",
		Help: "Looks at remote repositories by source and result: unchanged, fetched, failed.",
	}, []string{"source", "result"})
	m.fetching = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "relay_sync_git_fetch_duration_seconds",
		Help:    "How long looks at remote repositories took, with the fetch where there was one.",
		Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
	}, []string{"source"})
	m.reload = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relay_sync_config_last_reload_successful",
		Help: "1 where the configuration in use is the one last read, 0 where a newer one was refused.",
	})
	m.reload.Set(1)
	registry.MustRegister(m.rounds, m.duration, m.success, m.secrets, m.changes, m.held, m.suspend, m.fetches, m.fetching, m.reload)
	for _, s := range sources {
		m.suspend.WithLabelValues(s.Name).Set(0)
		if s.Suspend {
			m.suspend.WithLabelValues(s.Name).Set(1)
		}
	}
	return m
}

// fetched counts a look at a remote repository.
func (m *metrics) fetched(source string, fetched bool, err error, took time.Duration) {
	result := "unchanged"
	switch {
	case err != nil:
		result = "failed"
	case fetched:
		result = "fetched"
	}
	m.fetches.WithLabelValues(source, result).Inc()
	m.fetching.WithLabelValues(source).Observe(took.Seconds())
}

// ReloadRefused notes that a newer configuration was refused and this one stays.
func (c *Controller) ReloadRefused() { c.metrics.reload.Set(0) }

var outcomeNames = map[Outcome]string{Clean: "clean", Pending: "pending", Failed: "failed"}

// observe counts one round.
func (m *metrics) observe(r Report, took time.Duration) {
	outcome := r.Outcome()
	m.rounds.WithLabelValues(r.Source, outcomeNames[outcome]).Inc()
	m.duration.WithLabelValues(r.Source).Observe(took.Seconds())
	if outcome == Clean {
		m.success.WithLabelValues(r.Source).SetToCurrentTime()
	}
	s := r.Summary()
	for state, n := range map[string]int{"unchanged": s.Unchanged, "blocked": s.Blocked, "drifted": s.Drifted, "failed": s.Failed} {
		m.secrets.WithLabelValues(r.Source, state).Set(float64(n))
	}
	for action, n := range map[Kind]int{Add: s.Add, Change: s.Change, Repair: s.Repair, Adopt: s.Adopt, Delete: s.Delete, Release: s.Release, Reencrypted: s.Reencrypted} {
		if r.Applied {
			m.changes.WithLabelValues(r.Source, string(action)).Add(float64(n))
		}
	}
	held := 0.0
	if r.PlanID != "" && !r.Approved {
		held = 1
	}
	m.held.WithLabelValues(r.Source).Set(held)
}
