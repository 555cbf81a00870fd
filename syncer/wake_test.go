// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
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
	first := d.status()["shop"].NextPoll
	d.Hint("shop")
	d.until("it polled after the hint", func() bool { return !d.status()["shop"].NextPoll.Equal(first) })
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.commit()
	d.untilRead(w, w.workflow(0), "two", "value of two")
}
