// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func TestHintWakesItsSourceAndNeverBlocks(t *testing.T) {
	t.Parallel()
	c := New(&config.Config{Sources: []config.Source{{Name: "shop"}, {Name: "till"}}}, "test")
	for range 100 { // nobody listens yet
		c.Hint("shop")
		c.Hint("unknown")
	}
	<-c.hints["shop"] // the first waits there
	select {
	case <-c.hints["shop"]:
		t.Error("hints that nobody took were not taken for one")
	case <-c.hints["till"]:
		t.Error("a hint woke another source")
	default:
	}
}
