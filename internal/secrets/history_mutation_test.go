// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// mutation is a removal rule that loses a value or a record, and the broken rule by
// which the histories show it.
type mutation struct {
	name  string
	shows string
	apply func(*history)
}

var mutations = []mutation{
	{
		"a removal by owner alone", "which it did not write",
		func(h *history) { h.rule = decidedBy(byOwnerAlone) },
	},
	{
		"a removal of what is current", "which it did not write",
		func(h *history) {
			h.rule = decidedBy(func(e Entry, _ Claim, purge bool) removal { return e.removeCurrent(purge, false) })
		},
	},
	{
		"a release below a newer record of the same owner", "released version",
		func(h *history) {
			h.rule = decidedBy(func(e Entry, claim Claim, purge bool) removal {
				d := decideDeletion(e, claim, purge, 0)
				d.release = d.release || d.outcome == WrittenSince
				return d
			})
		},
	},
	{
		"a claim on a create whose answer was lost", "which it did not write",
		func(h *history) { h.claimsLostCreates = true },
	},
	{
		"a removal that reports every result as deleted", "stays for ever",
		func(h *history) {
			h.rule = func(ctx context.Context, c *Client, a Address, claim Claim, purge bool) (Deletion, error) {
				done, err := byClaim(ctx, c, a, claim, purge)
				done.Outcome = SoftDeleted
				return done, err
			}
		},
	},
}

// decidedBy is Delete and Purge with another decision.
func decidedBy(decide func(e Entry, claim Claim, purge bool) removal) removalRule {
	return func(ctx context.Context, c *Client, a Address, claim Claim, purge bool) (Deletion, error) {
		e, err := c.Describe(ctx, a)
		if err != nil {
			return Deletion{}, err
		}
		decision, op := decide(e, claim, purge), capability.Delete
		if purge {
			op = capability.Purge
		}
		done := Deletion{Outcome: decision.outcome, Remaining: e}
		if err := c.removeVersions(ctx, a, decision.versions, op); err != nil || !decision.release || claim.Version == 0 {
			return done, err
		}
		return done, c.release(ctx, a, claim, done)
	}
}

// byOwnerAlone is the rule that this one replaced: an owner removes what it wrote last,
// whichever of its instances wrote it.
func byOwnerAlone(e Entry, claim Claim, purge bool) removal {
	known := e
	if claim.Version > 0 {
		known = e.withBaseline(claim.Owner, &Written{Version: claim.Version, Created: claim.Created})
	}
	owner, record, found := known.LastOwner()
	switch {
	case !found || owner != claim.Owner:
		return removal{outcome: NothingClaimed}
	case record.Version != e.Current:
		return removal{outcome: ReleasedOnly, release: true}
	}
	return e.removeCurrent(purge, false)
}

// TestHistoriesFindALossyRemoval: the histories would be worth nothing if they passed
// with a rule that loses values.
func TestHistoriesFindALossyRemoval(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			findsWithinAMinute(t, m.shows, func(rt *rapid.T) []string { return onModel(t, rt, m.apply) })
		})
	}
}
