// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// forger is another writer with the same policy, who also writes the records of the
// owners. It does not have their fingerprint keys.
type forger struct {
	// orders are the owners' keys while they are rotated: some processes still sign with
	// the older one.
	orders [2]FingerprintKeys
	// own is the forger's own key.
	own FingerprintKeys
	// required: a record without a MAC does not count.
	required bool
	// written are the records that each owner wrote.
	written map[Owner][]string
	// weaken is a mutation of a client's configuration.
	weaken func(*Config)
}

func newForger(t *testing.T, required bool) *forger {
	t.Helper()
	return &forger{
		orders:   [2]FingerprintKeys{testKeys(t, "a", "b"), testKeys(t, "b", "a")},
		own:      testKeys(t, "c"),
		required: required,
		written:  map[Owner][]string{},
		weaken:   func(*Config) {},
	}
}

// forgeries are the moves of a forger.
var forgeries = []string{"forge", "copy", "replay", "age"}

// tamper replaces the record of an owner.
func (h *history) tamper(verb string) {
	victim := rapid.SampledFrom([]Owner{shop, cluster}).Draw(h.t, "victim")
	e := h.entry()
	if e.Current == 0 {
		return
	}
	text := h.forger.text(h, verb, victim, Record{Version: e.Current, Time: e.Versions[e.Current].Created})
	if text == "" {
		return
	}
	h.t.Logf("the forger: %s: %s", verb, text)
	h.recordsLost[victim] = true
	fields := map[string]any{"custom_metadata": map[string]any{victim.recordKey(): text}}
	if err := h.kv.PatchMetadata(context.Background(), entryOf(h.address), fields); err != nil {
		h.t.Fatalf("forging a record: %v", err)
	}
}

// text is the record that the forger writes; empty for none.
func (f *forger) text(h *history, verb string, victim Owner, current Record) string {
	switch verb {
	case "forge": // of the current version, of any writer
		if f.required && rapid.Bool().Draw(h.t, "without a MAC") {
			return rapid.SampledFrom([]string{current.String(), inFormat1(current.String())}).Draw(h.t, "format")
		}
		return f.own.sign(victim, h.address, current.String())
	case "copy": // from another entry, whose version has the same number and time
		return f.orders[0].sign(victim, h.address.Scope.Secret("another"), current.String())
	case "replay":
		if all := f.written[victim]; len(all) > 0 {
			return rapid.SampledFrom(all).Draw(h.t, "record")
		}
	case "age": // the record of the owner as an older program would have written it
		if r, found := h.view(victim).Records[victim]; found && !r.Released {
			return inFormat1(r.String())
		}
	}
	return ""
}

// view is the entry as a client of the owner sees it, whose keys are complete.
func (h *history) view(owner Owner) Entry {
	cfg := Config{KV: h.kv, Owner: owner, Settle: h.settle}
	if h.forger != nil {
		cfg.Keys, cfg.RequireMAC = h.forger.orders[0], h.forger.required
	}
	c, err := NewClient(cfg)
	if err != nil {
		h.t.Fatalf("making a client: %v", err)
	}
	e, err := c.Describe(context.Background(), h.address)
	if err != nil {
		h.t.Fatalf("observing: %v", err)
	}
	return e
}

// trusts checks that a writer takes only a version for its own that its owner wrote.
func (h *history) trusts(a *actor, e Entry) {
	if writer := h.writers[e.currentStamp()]; e.Live() && writer != a.owner {
		h.breaks("%s is in sync with version %d, which %q wrote", a.name, e.Current, writer)
	}
}

// withForger draws a history with a forger.
func withForger(t *testing.T, rt *rapid.T, weaken func(*Config)) []string {
	t.Helper()
	return onModel(t, rt, func(h *history) {
		h.forger = newForger(t, rapid.Bool().Draw(rt, "authentic required"))
		if weaken != nil {
			h.forger.weaken = weaken
		}
	})
}

func TestHistoriesWithAForger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, rule := range withForger(t, rt, nil) {
			rt.Error(rule)
		}
	})
}

func TestHistoriesFindAForgedRecord(t *testing.T) {
	for name, weaken := range map[string]func(*Config){
		"without a key":              func(c *Config) { c.Keys = FingerprintKeys{} },
		"without records: authentic": func(c *Config) { c.RequireMAC = false },
		"with the forger's key":      func(c *Config) { c.Keys = testKeys(t, "a", "b", "c") },
	} {
		t.Run(name, func(t *testing.T) {
			findsWithinAMinute(t, "is in sync with version", func(rt *rapid.T) []string { return withForger(t, rt, weaken) })
		})
	}
}

// findsWithinAMinute draws histories until one breaks a rule whose text contains shows.
func findsWithinAMinute(t *testing.T, shows string, run func(*rapid.T) []string) {
	t.Helper()
	began := time.Now()
	histories := rapid.Custom(run)
	for n := 1; time.Since(began) < time.Minute; n++ {
		if strings.Contains(fmt.Sprint(histories.Example(n)), shows) {
			t.Logf("found by history %d after %s", n, time.Since(began))
			return
		}
	}
	t.Error("not found in a minute")
}
