// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package throttle

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestNameIsRefusedFromOneClientAfterFourFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := New()
		for i := range maxFailures {
			if _, allowed := throttle.Begin("a", "userpass", "ada"); !allowed {
				t.Fatalf("attempt %d is refused", i)
			}
			throttle.Failed("a", "userpass", "ada")
			time.Sleep(time.Second)
		}
		if wait, allowed := throttle.Begin("a", "userpass", "ada"); allowed || wait < 14*time.Minute || wait > Pause {
			t.Errorf("after %d failures: %v, %s", maxFailures, allowed, wait)
		}
		for _, other := range [][3]string{{"b", "userpass", "ada"}, {"a", "ldap", "ada"}, {"a", "userpass", "bob"}, {"auserpass", "", "ada"}} {
			if _, allowed := throttle.Begin(other[0], other[1], other[2]); !allowed {
				t.Errorf("%q is refused", other)
			}
		}
		time.Sleep(Pause)
		if _, allowed := throttle.Begin("a", "userpass", "ada"); !allowed {
			t.Error("refused after the pause")
		}
		if _, allowed := throttle.Begin("a", "userpass", "ada"); !allowed {
			t.Error("the failures from before the pause count")
		}
	})
}

func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	throttle := New()
	for range 3 {
		throttle.Begin("a", "userpass", "ada")
	}
	throttle.Succeeded("a", "userpass", "ada")
	throttle.Begin("a", "userpass", "ada")
	if _, allowed := throttle.Begin("a", "userpass", "ada"); !allowed {
		t.Error("refused")
	}
}

// TestAttemptsUnderWayCountAsFailed: otherwise attempts at once would lock the user out in
// Vault.
func TestAttemptsUnderWayCountAsFailed(t *testing.T) {
	t.Parallel()
	throttle := New()
	for _, name := range []string{"ada", "Ada", "ADA", "aDa"} {
		if _, allowed := throttle.Begin("a", "userpass", name); !allowed {
			t.Errorf("%s is refused", name)
		}
	}
	if _, allowed := throttle.Begin("a", "userpass", "adA"); allowed {
		t.Error("more attempts at once than Vault counts")
	}
	throttle.Undecided("a", "userpass", "ada")
	if _, allowed := throttle.Begin("a", "userpass", "ada"); !allowed {
		t.Error("an attempt without a decision of Vault counts")
	}
}

func TestClientCanTryOnlySomeNamesInATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := New()
		tried := 0
		for i := range 100 {
			if _, allowed := throttle.Begin("a", "userpass", fmt.Sprint(i)); allowed {
				tried++
			}
		}
		time.Sleep(interval)
		if _, allowed := throttle.Begin("a", "userpass", "x"); tried != attempts || !allowed {
			t.Errorf("%d attempts at once; after %s: %v", tried, interval, allowed)
		}
		if _, allowed := throttle.Begin("b", "userpass", "x"); !allowed {
			t.Error("another client is refused")
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	throttle := New()
	for i := range maxEntries + 100 {
		throttle.Begin(fmt.Sprint(i), "userpass", "ada")
	}
	if len(throttle.names) > maxEntries || len(throttle.clients) > maxEntries {
		t.Errorf("%d names, %d clients", len(throttle.names), len(throttle.clients))
	}
}
