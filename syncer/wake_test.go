// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestHintWakesItsSourceAndNeverBlocks(t *testing.T) {
	t.Parallel()
	c := New(&config.Config{Sources: []config.Source{{Name: "shop"}, {Name: "till"}}}, "test")
	for range 100 { // without a listener
		c.Hint("shop")
		c.Hint("unknown")
	}
	<-c.wakes["shop"].signal // the first waits there
	if !c.wakes["shop"].take().hinted {
		t.Error("the hint is lost")
	}
	select {
	case <-c.wakes["shop"].signal:
		t.Error("several hints did not become one")
	case <-c.wakes["till"].signal:
		t.Error("a hint woke another source")
	default:
	}
}

// TestHintBeforeTheRemoteShowsTheCommitIsNotLost: some git hosts send a delivery some
// seconds before they show the commit. The next poll is a day away.
func TestHintBeforeTheRemoteShowsTheCommitIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.overHTTPS(t)
	w.cfg.Sources[0].Remote.Poll = 24 * time.Hour
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	d := w.daemon()
	d.until("the first commit is applied", func() bool { return d.status()["shop"].Settled() })
	d.polledAfter("the hint", func() { d.Hint("shop") })
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.commit()
	d.untilRead(w, w.workflow(0), "two", "value of two")
}

// TestSyncOfADaemonThatStopsIsAnswered: relay-sync sync arrives during a reload, for which
// the loops of the former configuration end.
func TestSyncOfADaemonThatStopsIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWake()
	before, after := make(chan report.Report, 1), make(chan report.Report, 1)
	w.begin()
	w.ask("shop", before) // and the loop does not come to it
	w.end("shop")
	w.ask("shop", after)
	for _, answer := range []chan report.Report{before, after} {
		select {
		case r := <-answer:
			if r.Source != "shop" || !errors.Is(r.Err, errEnded) || !strings.Contains(r.Err.Error(), "Hint: run the command again") {
				t.Errorf("answered %+v", r)
			}
		default:
			t.Error("the command waits for ever")
		}
	}
	w.begin()
	w.ask("shop", before)
	if n := len(w.take().asked); n != 1 {
		t.Errorf("the next loop has %d commands to answer", n)
	}
}

// Commands send it after a change of Vault.
func TestCommandWakesItsSources(t *testing.T) {
	t.Parallel()
	c := New(&config.Config{Sources: []config.Source{{Name: "shop"}, {Name: "till"}}}, "test")
	for _, row := range []struct {
		query      string
		status     int
		shop, till bool
	}{{"?source=shop", 204, true, false}, {"", 204, true, true}, {"?source=unknown", 404, false, false}} {
		w := httptest.NewRecorder()
		c.CommandHandler().ServeHTTP(w, httptest.NewRequest("POST", "/changed"+row.query, nil))
		shop, till := c.wakes["shop"].take().commanded, c.wakes["till"].take().commanded
		if w.Code != row.status || shop != row.shop || till != row.till {
			t.Errorf("%q: status %d, shop %t, till %t", row.query, w.Code, shop, till)
		}
	}
}
