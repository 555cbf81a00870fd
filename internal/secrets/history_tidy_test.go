// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tidier removes the metadata of the secret while the others write, delete and undelete it.
// Between its last look and the removal the others go on.
type tidier struct {
	// rule is the protocol, or a mutation of it.
	rule func(Entry) TidyStep
	// removes is when it decided to remove; zero for not.
	removes time.Time
}

// tidies are its moves, besides those of the others. A long time is what a mark is waited
// for.
var tidies = []string{"tidy", "tidy", "tidy", "long", "long", "long"}

// tidy makes a move of the tidier.
func (h *history) tidy(move string) {
	t := h.tidier
	switch move {
	case "tidy":
		switch e := h.entry(); {
		case !t.removes.IsZero():
			if time.Since(t.removes) < tidyMargin { // the limit of its requests
				h.removes()
			}
			t.removes = time.Time{}
		case t.rule(e) == TidyMark:
			_ = h.kv.PatchMetadata(context.Background(), entryOf(h.address), map[string]any{"custom_metadata": map[string]any{tidyKey: tidyMarkOf(e)}})
		case t.rule(e) == TidyRemove:
			t.removes = time.Now()
		}
	case "long":
		// No request takes so long: only an observation can be so old.
		for slices.ContainsFunc(h.actors, func(a *actor) bool { return a.gate != nil && a.gate.what != "observe" }) {
			for _, a := range h.actors {
				if a.gate != nil && a.gate.what != "observe" {
					h.release(a, passes)
				}
			}
			h.quiesce(h)
		}
		<-time.After(4 * time.Minute)
	}
}

// beginReleased writes and deletes the secret, so that there is something to tidy.
func (h *history) beginReleased() {
	first := h.actors[0]
	first.start(operation{})
	h.settleDown()
	first.want = false
	first.start(operation{})
	h.settleDown()
	for _, a := range h.actors {
		a.want = rapid.Bool().Draw(h.t, "wants it again")
	}
}

// removes checks the second rule for a removal of metadata: a live value stays.
func (h *history) removes() {
	if e := h.entry(); e.Live() && h.writers[e.currentStamp()] != NoOwner {
		h.breaks("tidy removed version %d, which %s wrote", e.Current, h.writers[e.currentStamp()])
	}
	h.blurs++ // as after a purge outside
	_ = h.kv.DeleteMetadata(context.Background(), entryOf(h.address))
}

// withTidier draws a history with a tidier.
func withTidier(t *testing.T, rt *rapid.T, rule func(Entry) TidyStep) []string {
	t.Helper()
	return onModel(t, rt, func(h *history) { h.tidier = &tidier{rule: rule} })
}

func TestHistoriesWithATidier(t *testing.T) {
	removed := 0
	rapid.Check(t, func(rt *rapid.T) {
		rule := func(e Entry) TidyStep {
			step := e.TidyStep(0)
			if step == TidyRemove {
				removed++
			}
			return step
		}
		for _, broken := range withTidier(t, rt, rule) {
			rt.Error(broken)
		}
	})
	if removed == 0 {
		t.Error("no history came as far as a removal, so the test proves nothing")
	}
}

// TestHistoriesFindALossyTidy: the obvious rules lose a value.
func TestHistoriesFindALossyTidy(t *testing.T) {
	for name, rule := range map[string]func(Entry) TidyStep{
		"look, then remove": func(e Entry) TidyStep {
			if _, released := e.ReleasedSince(); released {
				return TidyRemove
			}
			return TidyKeep
		},
		"removal right after the mark": func(e Entry) TidyStep {
			if step := e.TidyStep(0); step != TidyWait {
				return step
			}
			return TidyRemove
		},
		"removal after a mark that writers do not heed any more": func(e Entry) TidyStep {
			if _, released := e.ReleasedSince(); released && !e.tidyMark.IsZero() && e.Date.Sub(e.tidyMark) >= TidyPause {
				return TidyRemove
			}
			return e.TidyStep(0)
		},
		"removal of what is dead": func(e Entry) TidyStep {
			if e.Live() || e.Current == 0 {
				return TidyKeep
			}
			return TidyRemove
		},
	} {
		t.Run(name, func(t *testing.T) {
			findsWithinAMinute(t, "tidy removed version", func(rt *rapid.T) []string { return withTidier(t, rt, rule) })
		})
	}
}
