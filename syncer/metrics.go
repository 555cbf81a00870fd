// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// metrics are the Prometheus metrics of the daemon. No label names a workflow or a secret.
type metrics struct {
	syncs    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	success  *prometheus.GaugeVec
	secrets  *prometheus.GaugeVec
	changes  *prometheus.CounterVec
	pending  *prometheus.GaugeVec
	// pendingSince is when the plan that waits for approval was made first.
	pendingSince *prometheus.GaugeVec
	suspend      *prometheus.GaugeVec
	follows      *prometheus.GaugeVec
	fetches      *prometheus.CounterVec
	fetching     *prometheus.HistogramVec
	reload       prometheus.Gauge
	// tidied counts the names whose metadata was removed.
	tidied prometheus.Counter
	// tokenExpires is when the token of a file expires, tokenLifetime its whole lifetime.
	tokenExpires, tokenLifetime prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, sources []config.Source) *metrics {
	m := &metrics{
		syncs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_syncs_total",
			Help: "Syncs by source and result: clean, pending (drift was reported and not repaired), failed.",
		}, []string{"source", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "relay_sync_sync_duration_seconds",
			Help:    "Duration of syncs.",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
		}, []string{"source"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_last_success_timestamp_seconds",
			Help: "Time of the last sync with result clean; 0 before the first one.",
		}, []string{"source"}),
		secrets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_secrets",
			Help: "Secrets in the last sync by state: in_place (unchanged or written), unchanged, pending_approval, pending_hand_over, blocked, drifted, failed.",
		}, []string{"source", "state"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_changes_total",
			Help: "Changes in Vault by action: add, change, repair, adopt, delete, release, hand-over, update record, sign record (both only change the record).",
		}, []string{"source", "action"}),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_pending_approval",
			Help: "1 if a part of the plan waits for approval, otherwise 0.",
		}, []string{"source"}),
		pendingSince: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_pending_approval_since_timestamp_seconds",
			Help: "Time at which the daemon first made the plan that waits for approval, also while git or Vault is unavailable; 0 if none waits.",
		}, []string{"source"}),
		suspend: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_sync_suspended",
			Help: "1 if the configuration suspends the source, otherwise 0.",
		}, []string{"source"}),
	}
	m.follows = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "relay_sync_follows",
		Help: "1 if this replica follows the source, 0 if it does not.",
	}, []string{"source"})
	m.fetches = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "relay_sync_git_fetches_total",
		Help: "Polls of remote repositories by source and result: unchanged, fetched, failed.",
	}, []string{"source", "result"})
	m.fetching = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "relay_sync_git_fetch_duration_seconds",
		Help:    "Duration of polls of remote repositories, including the fetch if there was one.",
		Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
	}, []string{"source"})
	m.reload = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relay_sync_config_last_reload_successful",
		Help: "1 if the last reload of the configuration succeeded, 0 if it failed and the previous configuration is in use.",
	})
	m.reload.Set(1)
	m.tidied = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "relay_sync_tidied_names_total",
		Help: "Dead and released names whose metadata was removed (tidy).",
	})
	m.tokenExpires, m.tokenLifetime = tokenGauges()
	registry.MustRegister(m.syncs, m.duration, m.success, m.secrets, m.changes, m.pending, m.pendingSince, m.suspend, m.follows, m.fetches, m.fetching, m.reload, m.tidied, m.tokenExpires, m.tokenLifetime)
	for _, s := range sources {
		m.begin(s)
	}
	return m
}

// tokenGauges are those of the token of vault.token_file.
func tokenGauges() (expires, lifetime prometheus.Gauge) {
	expires = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relay_sync_token_expires_timestamp_seconds",
		Help: "Time at which the token of vault.token_file expires unless it is renewed, also after it has expired; 0 for a token that never expires, and for a login.",
	})
	lifetime = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relay_sync_token_lifetime_seconds",
		Help: "Lifetime with which the token of vault.token_file was created; 0 for a token that never expires, and for a login.",
	})
	return expires, lifetime
}

// begin creates the series of a source: an alarm on a missing one never fires.
func (m *metrics) begin(s config.Source) {
	m.suspend.WithLabelValues(s.Name).Set(0)
	if s.Suspend {
		m.suspend.WithLabelValues(s.Name).Set(1)
		return
	}
	m.success.WithLabelValues(s.Name).Set(0)
	m.follows.WithLabelValues(s.Name).Set(0)
}

// fetched counts one poll of a remote repository.
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

// observe counts one sync.
func (m *metrics) observe(r report.Report, took time.Duration) {
	outcome := r.Outcome()
	m.syncs.WithLabelValues(r.Source, outcome.String()).Inc()
	m.duration.WithLabelValues(r.Source).Observe(took.Seconds())
	if outcome == report.Clean {
		m.success.WithLabelValues(r.Source).SetToCurrentTime()
	}
	s := r.Summary()
	for state, n := range map[string]int{"in_place": s.InPlace, "unchanged": s.Unchanged, "pending_approval": s.PendingApproval, "pending_hand_over": s.PendingHandOver, "blocked": s.Blocked, "drifted": s.Drifted, "failed": s.Failed} {
		m.secrets.WithLabelValues(r.Source, state).Set(float64(n))
	}
	for action, n := range map[plan.Kind]int{
		plan.Add: s.Add, plan.Change: s.Change, plan.Repair: s.Repair, plan.Adopt: s.Adopt, plan.HandOver: s.HandOver,
		plan.Delete: s.Delete, plan.Release: s.Release, plan.UpdateRecord: s.UpdateRecord, plan.Sign: s.Signed,
	} {
		if r.Applied {
			m.changes.WithLabelValues(r.Source, string(action)).Add(float64(n))
		}
	}
}

// observePending shows which plan waits for approval.
func (m *metrics) observePending(source string, pending *notify.Pending) {
	waits, since := 0.0, 0.0
	if pending != nil {
		waits, since = 1, float64(pending.Since.Unix())
	}
	m.pending.WithLabelValues(source).Set(waits)
	m.pendingSince.WithLabelValues(source).Set(since)
}

// follow notes that this replica follows a source.
func (m *metrics) follow(source string) { m.follows.WithLabelValues(source).Set(1) }

// leave notes that it does not any more, and removes the metrics of what is in Vault: the
// replica that follows the source has them, and an alarm about these would never end.
func (m *metrics) leave(source string) {
	m.follows.WithLabelValues(source).Set(0)
	m.secrets.DeletePartialMatch(prometheus.Labels{"source": source})
	m.pending.DeleteLabelValues(source)
	m.pendingSince.DeleteLabelValues(source)
}

// newLeaderMetric makes the metric of which replica follows the sources.
func (c *Controller) newLeaderMetric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_sync_leader",
		Help: "1 if this replica is the elected leader and follows the sources, or takes part in sharing them; otherwise 0.",
	}, func() float64 {
		if c.standby.Load() || c.alone.Load() {
			return 0
		}
		return 1
	})
}
