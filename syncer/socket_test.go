// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// oneSource is a controller of one source whose loop has begun, and never comes to a command.
func oneSource() *Controller {
	c := New(&config.Config{Sources: []config.Source{{Name: "shop"}}}, "test")
	c.wakes["shop"].begin()
	return c
}

// TestCommandsThatWaitAreLimited: the next one is refused until one of them ends.
func TestCommandsThatWaitAreLimited(t *testing.T) {
	t.Parallel()
	c := oneSource()
	handler := c.CommandHandler()
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	ask := func(ctx context.Context) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/sync", nil))
		return w
	}
	for range maxCommands {
		waiting.Go(func() { ask(ctx) })
	}
	if !await.Until(time.Minute, func() bool {
		w := c.wakes["shop"]
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.reasons.asked) == maxCommands
	}) {
		t.Fatal("the commands do not wait")
	}
	if w := ask(t.Context()); w.Code != 429 || !strings.Contains(w.Body.String(), "too many commands wait for a sync; try again later") {
		t.Errorf("one more command: %d %s", w.Code, w.Body)
	}
	cancel()
	waiting.Wait()
	if w := ask(ctx); w.Code == 429 {
		t.Errorf("when none waits any more: %s", w.Body)
	}
}

func TestStandbyRefersCommandsToTheLeader(t *testing.T) {
	t.Parallel()
	ask := func(c *Controller) *httptest.ResponseRecorder {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the command does not wait for the sync
		w := httptest.NewRecorder()
		c.CommandHandler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/sync", nil))
		return w
	}
	standby, leader := oneSource(), oneSource()
	standby.standby.Store(true)
	if w := ask(standby); w.Code != 503 || !strings.Contains(w.Body.String(), "standby: another replica is the leader and follows the sources. Hint: run the command where it runs") {
		t.Errorf("standby: %d %s", w.Code, w.Body)
	}
	if ask(leader); len(leader.wakes["shop"].take().asked) != 1 {
		t.Error("the leader does not get to know of the command")
	}
}
