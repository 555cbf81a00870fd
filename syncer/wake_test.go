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
