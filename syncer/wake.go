// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// wake is why the loop of a source should poll before its time. More reasons, while one
// waits, are one. It is safe for concurrent use.
type wake struct {
	// signal has room for one.
	signal chan struct{}

	mu      sync.Mutex
	reasons reasons
	// ended means that the loop has ended, and no other one has begun.
	ended bool
}

// reasons are why a source polls.
type reasons struct {
	// hinted: a git host reports that the branch moved, perhaps before it shows that.
	hinted bool
	// changed: the cause of what the last sync left undone may be gone.
	changed bool
	// commanded: a command changed Vault.
	commanded bool
	// asked are the channels, with room for one, of those who asked for a sync.
	asked []chan<- report.Report
}

func newWakes(sources []config.Source) map[string]*wake {
	out := map[string]*wake{}
	for _, s := range sources {
		out[s.Name] = newWake()
	}
	return out
}

func newWake() *wake { return &wake{signal: make(chan struct{}, 1)} }

func (w *wake) add(change func(*reasons)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.reasons)
	w.notify()
}

// notify signals the loop. More signals, while one waits, are one.
func (w *wake) notify() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// ask asks the loop for a sync. answer has room for the report. If the loop ends before,
// the report contains errEnded.
func (w *wake) ask(source string, answer chan<- report.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		answer <- report.Report{Source: source, Err: errEnded}
		return
	}
	w.reasons.asked = append(w.reasons.asked, answer)
	w.notify()
}

// begin is called when a loop begins, end when it has ended.
func (w *wake) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = false
}

func (w *wake) end(source string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.reasons.answer(report.Report{Source: source, Err: errEnded})
	w.reasons = reasons{}
}

// take returns the reasons since the last time.
func (w *wake) take() reasons {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.reasons
	w.reasons = reasons{}
	return taken
}

// answer sends a report to those who asked for it.
func (r reasons) answer(done report.Report) {
	for _, asked := range r.asked {
		asked <- done
	}
}

// Hint makes a source's loop poll soon, because its branch may have moved. A false,
// early or repeated hint does no harm, and a lost one is made up for by the next poll.
// Hint returns at once, and may be called from any goroutine, also before Run. It
// ignores the name of an unknown source.
func (c *Controller) Hint(name string) {
	if w := c.wakes[name]; w != nil {
		w.add(func(r *reasons) { r.hinted = true })
	}
}

// Changed makes sources poll soon, and sync again if the last sync left something
// undone: a file or a command may have removed the cause. No names mean all sources.
func (c *Controller) Changed(names []string) error {
	sources, err := c.cfg.Select(names)
	for _, s := range sources {
		c.wakes[s.Name].add(func(r *reasons) { r.changed = true })
	}
	return err
}

// Commanded makes sources sync soon, because a command changed Vault. No names mean all
// sources.
func (c *Controller) Commanded(names []string) error {
	sources, err := c.cfg.Select(names)
	for _, s := range sources {
		c.wakes[s.Name].add(func(r *reasons) { r.commanded = true })
	}
	return err
}

// errStandby is the answer of a replica that follows no source.
var errStandby = errors.New("standby: another replica is the leader and follows the sources. Hint: run the command where it runs")

// errEnded is the answer of a loop that ends before the sync.
var errEnded = errors.New("the daemon stops, reads its configuration again, or does not follow the source any more, so it did not sync. Hint: run the command again")

// SyncNow lets the running loops sync sources at once, and returns the reports. No names
// mean all sources. It waits for a sync that runs, and then for its own.
func (c *Controller) SyncNow(ctx context.Context, names []string) ([]report.Report, error) {
	sources, err := c.cfg.Select(names)
	if err != nil {
		return nil, err
	}
	if c.standby.Load() {
		return nil, errStandby
	}
	answers := make([]chan report.Report, len(sources))
	for i, s := range sources {
		answers[i] = make(chan report.Report, 1)
		if s.Suspend {
			answers[i] <- report.Report{Source: s.Name, Branch: s.ShortRef(), Suspended: true}
			continue
		}
		if replica, elsewhere := c.board.otherReplica(s.Name); elsewhere {
			answers[i] <- report.Report{Source: s.Name, Branch: s.ShortRef(), Err: errElsewhere(replica)}
			continue
		}
		c.wakes[s.Name].ask(s.Name, answers[i])
	}
	reports := make([]report.Report, len(sources))
	for i := range sources {
		select {
		case reports[i] = <-answers[i]:
		case <-ctx.Done():
			return nil, fmt.Errorf("sync source %q: %w", sources[i].Name, ctx.Err())
		}
	}
	return reports, nil
}
