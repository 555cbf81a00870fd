// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// board keeps the status of every source. It is safe for concurrent use.
type board struct {
	mu  sync.Mutex
	all map[string]report.Status
	// history are the last syncs of each source, oldest first.
	history map[string][]report.PastSync
	// elsewhere are the sources that this replica does not follow, because replicas share
	// them. replicas are the identities of the other replicas by source.
	elsewhere map[string]bool
	replicas  map[string]string
}

// maxHistory limits the syncs that the board keeps of a source.
const maxHistory = 50

func newBoard(sources []config.Source) *board {
	b := &board{all: map[string]report.Status{}, history: map[string][]report.PastSync{}, elsewhere: map[string]bool{}}
	for _, s := range sources {
		first := report.Status{Source: s.Name, Branch: s.ShortRef(), Problems: []string{"no sync yet"}}
		if s.Suspend {
			first.Ready, first.Suspended, first.Problems = true, true, []string{}
		}
		b.all[s.Name] = first
	}
	return b
}

func (b *board) update(source string, change func(*report.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.all[source]
	change(&s)
	b.all[source] = s
}

func (b *board) get(source string) report.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[source]
}

func (b *board) next(source string, poll, sync time.Time, watched bool) {
	b.update(source, func(s *report.Status) { s.NextPoll, s.NextSync, s.Watched = poll, sync, watched })
}

// post notes the end of a sync. pending is the plan that waits for approval after it,
// next is when the next sync is.
func (b *board) post(r report.Report, pending *notify.Pending, next time.Time) {
	b.update(r.Source, func(s *report.Status) {
		s.NextSync = next
		s.LastSync, s.Ready, s.Summary = time.Now(), r.Err == nil, r.Summary()
		if pending == nil {
			s.Plan, s.PlanID, s.PendingSince, s.FourEyes = nil, "", time.Time{}, false
		} else {
			s.PlanID, s.PendingSince = pending.PlanID, pending.Since
			if r.PlanID == pending.PlanID { // else the plan from before still waits
				s.Plan, s.FourEyes = r.Plan, r.FourEyes
			}
		}
		s.Problems = append(r.Problems(), r.NotApproved...)
		if r.Commit != "" {
			s.Seen = string(r.Commit)
		}
		if r.Outcome() == report.Clean {
			s.Applied = string(r.Commit)
		}
	})
}

// remember adds a sync to the history of its source.
func (b *board) remember(source string, past report.PastSync) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := append(b.history[source], past)
	b.history[source] = all[max(0, len(all)-maxHistory):]
}

// continueFrom copies the history of the sources of the configuration before a reload.
func (b *board) continueFrom(former *board) {
	former.mu.Lock()
	defer former.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	for source := range b.all {
		b.history[source] = slices.Clone(former.history[source])
	}
}

func (b *board) list() []report.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]report.Status, 0, len(b.all))
	for _, s := range b.all {
		if b.elsewhere[s.Source] {
			s = elsewhereStatus(s, replicaName(b.replicas[s.Source]))
		} else {
			s.History = slices.Clone(b.history[s.Source])
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, c report.Status) int { return strings.Compare(a.Source, c.Source) })
	return out
}

// ReloadFailed records in the status and in the metrics that a reload failed and this
// configuration stays in use.
func (c *Controller) ReloadFailed(cause error) {
	c.metrics.reload.Set(0)
	c.reloadFailure.Store(&report.ReloadFailure{Time: time.Now(), Cause: cause.Error()})
}

// Handler serves /healthz (the process runs), /readyz (the last sync of every source made
// a plan, or this replica does not follow it; 503 and the cause otherwise), /status (JSON, a
// report.Daemon) and /metrics (Prometheus). It publishes names and no
// values; it has no login of its own.
func (c *Controller) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if c.standby.Load() {
			_, _ = io.WriteString(w, "ok: on standby\n")
			return
		}
		for _, s := range c.board.list() {
			if _, elsewhere := c.board.otherReplica(s.Source); !s.Ready && !elsewhere {
				refuse(w, errors.New(s.Source+": "+strings.Join(s.Problems, "; ")), http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /status", c.answerStatus)
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.gatherer(), promhttp.HandlerOpts{}))
	return mux
}

func (c *Controller) answerStatus(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, struct {
		FormatVersion string `json:"format_version"`
		report.Daemon
	}{report.FormatVersion, report.Daemon{Sources: c.board.list(), Standby: c.standby.Load(), ReloadFailure: c.reloadFailure.Load()}})
}
