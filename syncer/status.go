// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// Status is how one source stands, as the daemon's /status tells it.
type Status struct {
	Source string `json:"source"`
	// Branch is what the source follows: a branch, or a tag as "tag v1".
	Branch string `json:"branch"`
	// Seen is the commit of the last round, Applied the last one of which
	// everything is in Vault.
	Seen    string `json:"seen,omitempty"`
	Applied string `json:"applied,omitempty"`
	// LastRound and NextLook are when the last round ended and when there is a look
	// ShortRef the branch at the latest. Zero where there was none yet.
	LastRound time.Time `json:"last_round,omitzero"`
	NextLook  time.Time `json:"next_look,omitzero"`
	// Watched says that a commit is seen at once; else it is polled for.
	Watched bool `json:"watched"`
	// Ready says that the last round came to a plan, or that none is to be run
	// because the source is Suspended.
	Ready     bool    `json:"ready"`
	Suspended bool    `json:"suspended,omitempty"`
	Summary   Summary `json:"summary"`
	PlanID    string  `json:"plan_id,omitempty"`
	// Problems are what is refused, blocked or failed, a sentence each.
	Problems []string `json:"problems"`
}

// maxProblems bounds what a status tells of a source.
const maxProblems = 50

// board keeps the status of every source. It is safe for concurrent use.
type board struct {
	mu  sync.Mutex
	all map[string]Status
}

func newBoard(sources []config.Source) *board {
	b := &board{all: map[string]Status{}}
	for _, s := range sources {
		first := Status{Source: s.Name, Branch: s.ShortRef(), Problems: []string{"no round yet"}}
		if s.Suspend {
			first.Ready, first.Suspended, first.Problems = true, true, []string{}
		}
		b.all[s.Name] = first
	}
	return b
}

func (b *board) update(source string, change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.all[source]
	change(&s)
	b.all[source] = s
}

func (b *board) get(source string) Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[source]
}

func (b *board) next(source string, at time.Time, watched bool) {
	b.update(source, func(s *Status) { s.NextLook, s.Watched = at, watched })
}

func (b *board) post(r Report) {
	b.update(r.Source, func(s *Status) {
		s.LastRound, s.Ready, s.Summary, s.PlanID = time.Now(), r.Err == nil, r.Summary(), r.PlanID
		s.Problems = r.problems()
		if r.Commit != "" {
			s.Seen = string(r.Commit)
		}
		if r.Outcome() == Clean {
			s.Applied = string(r.Commit)
		}
	})
}

func (b *board) list() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Status, 0, len(b.all))
	for _, s := range b.all {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, c Status) int { return strings.Compare(a.Source, c.Source) })
	return out
}

// problems are a report's troubles as sentences.
func (r Report) problems() []string {
	out := []string{}
	add := func(format string, args ...any) {
		if len(out) < maxProblems {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	if r.Err != nil {
		add("%v", r.Err)
	}
	for _, f := range r.Failures {
		add("%v", f.Err)
	}
	for _, result := range r.Results {
		switch {
		case result.Err != nil:
			add("%s: %v", result.Address, result.Err)
		case result.Kind == Blocked || result.Kind == Drift:
			add("%s: %s", result.Address, result.Reason)
		}
	}
	return out
}

// Settled says that everything of the last commit seen is in Vault, or that
// nothing is asked of the source.
func (s Status) Settled() bool { return s.Suspended || (s.Ready && s.Applied == s.Seen) }

// Handler serves /healthz (the process runs), /readyz (every source's last round
// came to a plan, or this replica stands by; 503 and why not otherwise), /status
// (JSON, a Status for each source) and /metrics (Prometheus). It tells names and no
// values; it has no login of its own.
func (c *Controller) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if c.standby.Load() {
			_, _ = io.WriteString(w, "ok: standing by\n")
			return
		}
		for _, s := range c.board.list() {
			if !s.Ready {
				http.Error(w, s.Source+": "+strings.Join(s.Problems, "; "), http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(map[string]any{"sources": c.board.list(), "standby": c.standby.Load()}) // the reader is gone
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.registry, promhttp.HandlerOpts{}))
	return mux
}

// WriteStatus writes statuses for people.
func (t *Text) WriteStatus(all []Status, now time.Time) error {
	for _, s := range all {
		color, word := green, "in sync"
		switch {
		case s.Suspended:
			color, word = yellow, "suspended"
		case !s.Ready:
			color, word = red, "not ready"
		case s.Applied != s.Seen || s.Applied == "":
			color, word = yellow, "not all applied"
		}
		t.line(0, fmt.Sprintf("%s  %s  %s", t.paint(bold, s.Source), s.Branch, t.paint(color, word)))
		if s.Suspended {
			continue
		}
		t.line(1, fmt.Sprintf("seen     %s", orNone(s.Seen)))
		t.line(1, fmt.Sprintf("applied  %s", orNone(s.Applied)))
		if !s.LastRound.IsZero() {
			t.line(1, fmt.Sprintf("round    %s ago, next look in %s at the latest", now.Sub(s.LastRound).Round(time.Second), s.NextLook.Sub(now).Round(time.Second)))
		}
		t.line(1, fmt.Sprintf("secrets  %d unchanged, %d blocked, %d drifted, %d failed", s.Summary.Unchanged, s.Summary.Blocked, s.Summary.Drifted, s.Summary.Failed))
		for _, problem := range s.Problems {
			t.block(1, t.paint(red, "x")+" "+problem)
		}
		if s.PlanID != "" {
			t.line(1, "What is held is done by: relay-sync apply --approve "+s.PlanID)
		}
	}
	return t.err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
