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
	for range 100 { // without a listener
		c.Hint("shop")
		c.Hint("unknown")
	}
	<-c.hints["shop"] // the first waits there
	select {
	case <-c.hints["shop"]:
		t.Error("several hints did not become one")
	case <-c.hints["till"]:
		t.Error("a hint woke another source")
	default:
	}
}
