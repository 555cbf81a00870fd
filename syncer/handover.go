// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// otherSource is what the syncs of other sources know of a source: they read its
// manifests and make its plan when a secret moves between the two.
type otherSource struct {
	config.Source
	// mu lets one sync at a time read the source.
	mu sync.Mutex
	// names and plans cache its manifests, read without and with its keys.
	names, plans *manifestCache
	// ancestry is of the plans, because that of its own syncs has one user at a time.
	ancestry *ancestry
}

// handOvers are the other sources, and what waits for them.
type handOvers struct {
	sources []*otherSource

	mu sync.Mutex
	// since is when a sync first left a secret for another source. It is in memory only:
	// a restart begins again.
	since map[leftSecret]time.Time
}

// leftSecret is a secret that a former source leaves as it is.
type leftSecret struct {
	former  string
	address secrets.Address
}

func newHandOvers(sources []config.Source) *handOvers {
	h := &handOvers{since: map[leftSecret]time.Time{}}
	for _, s := range sources {
		h.sources = append(h.sources, &otherSource{Source: s, names: newManifestCache(nil), plans: newManifestCache(nil), ancestry: &ancestry{}})
	}
	return h
}

// others is what the other sources of the controller mean to the plan of a source.
type others struct {
	formers   map[secrets.Address]plan.Former
	elsewhere map[secrets.Address]plan.Elsewhere
}

// others reads the other sources with which secrets of this one are to be handed over.
func (c *Controller) others(ctx context.Context, s *source, d desired, seen observation) (out others, err error) {
	if out.formers, err = c.formers(ctx, s, d, seen); err != nil {
		return others{}, err
	}
	if out.elsewhere, err = c.elsewhere(ctx, s, d, seen); err != nil {
		return others{}, err
	}
	c.handOvers.markOverdue(s.Name, s.DriftInterval, out.elsewhere)
	return out, nil
}

// formers are the other sources that own a secret that this one wants. Each is read at
// its current commit, and its plan made as if no other source existed.
func (c *Controller) formers(ctx context.Context, s *source, d desired, seen observation) (map[secrets.Address]plan.Former, error) {
	owned := map[secrets.Owner][]secrets.Address{}
	for _, w := range d.Wants {
		if owner, _, found := seen.entries[w.Address].LastOwner(); found && owner != s.client.Owner() {
			owned[owner] = append(owned[owner], w.Address)
		}
	}
	out := map[secrets.Address]plan.Former{}
	for _, other := range c.handOvers.sources {
		owner, err := secrets.GitOpsOwner(c.cfg.Controller, other.Name)
		if err != nil || len(owned[owner]) == 0 || other.Name == s.Name {
			continue
		}
		in, problem := c.planOf(ctx, other, s.keyless)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		actions := plan.Make(in)
		for _, a := range owned[owner] {
			out[a] = in.FormerOf(other.Name, owner, a, actions, problem)
		}
	}
	return out, nil
}

// planOf is what the plan of another source is made from. problem is the cause if it
// could not be read.
func (c *Controller) planOf(ctx context.Context, other *otherSource, keyless bool) (in plan.Input, problem string) {
	if other.Suspend {
		return in, "the source is suspended"
	}
	other.mu.Lock()
	defer other.mu.Unlock()
	in, err := c.inputOf(ctx, other, keyless)
	if err != nil {
		return plan.Input{}, err.Error()
	}
	return in, ""
}

// inputOf reads another source and its secrets in Vault. The caller holds other.mu.
func (c *Controller) inputOf(ctx context.Context, other *otherSource, keyless bool) (plan.Input, error) {
	s, err := c.openOther(ctx, other, keyless)
	if err != nil {
		return plan.Input{}, err
	}
	d, err := s.read(ctx)
	if err != nil {
		return plan.Input{}, err
	}
	seen, err := s.observe(ctx)
	if err != nil {
		return plan.Input{}, err
	}
	return s.input(ctx, d, seen, plan.Adoption{}, others{})
}

// openOther opens another source at its current commit, with a cache of its own. The
// caller holds other.mu.
func (c *Controller) openOther(ctx context.Context, other *otherSource, keyless bool) (*source, error) {
	at, err := c.locate(ctx, other.Source)
	if err != nil {
		return nil, err
	}
	s, err := c.open(other.Source, at, keyless)
	if err != nil {
		return nil, err
	}
	s.ancestry = other.ancestry
	if keyless {
		s.cache = other.names
		return s, nil
	}
	if !other.plans.keys.Same(s.keys) {
		other.plans = newManifestCache(s.keys)
	}
	s.cache = other.plans
	return s, nil
}

// elsewhere are the other sources that want a secret of this one that it does not want
// any more. Their manifests are read by name alone, without a key.
func (c *Controller) elsewhere(ctx context.Context, s *source, d desired, seen observation) (map[secrets.Address]plan.Elsewhere, error) {
	left := unwanted(s.client.Owner(), d.Wants, seen.entries)
	out := map[secrets.Address]plan.Elsewhere{}
	var own []secrets.Address // that another source may write, too
	for _, other := range c.handOvers.sources {
		shared := slices.DeleteFunc(slices.Clone(left), func(a secrets.Address) bool { return !mayWrite(other.Source, a) })
		if len(shared) == 0 || other.Name == s.Name {
			continue
		}
		names, unreadable := c.namesOf(ctx, other)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, a := range shared {
			switch {
			case names[a]:
				out[a] = plan.Elsewhere{Source: other.Name}
			case unreadable != "" && out[a].Source == "":
				out[a] = plan.Elsewhere{Source: other.Name, Unreadable: unreadable}
			}
		}
		own = append(own, shared...)
	}
	if len(own) > len(out) && c.moved(ctx, s) {
		for _, a := range own {
			if _, is := out[a]; !is {
				out[a] = plan.Elsewhere{Source: s.Name, Unreadable: "it has a newer commit than this sync"}
			}
		}
	}
	return out, ctx.Err()
}

// moved reports whether the source has another commit than its sync. The other sources
// were read at their commits of now, in which a secret may have moved back.
func (c *Controller) moved(ctx context.Context, s *source) bool {
	at, err := c.locate(ctx, s.Source)
	return err != nil || at.commit != s.commit
}

// unwanted are the observed addresses that an owner has and does not want.
func unwanted(me secrets.Owner, wants []plan.Want, entries map[secrets.Address]secrets.Entry) []secrets.Address {
	wanted := make(map[secrets.Address]bool, len(wants))
	for _, w := range wants {
		wanted[w.Address] = true
	}
	var out []secrets.Address
	for a, e := range entries {
		if owner, _, found := e.LastOwner(); found && owner == me && !wanted[a] {
			out = append(out, a)
		}
	}
	return out
}

// namesOf are the addresses that another source wants. unreadable is why there may be
// more: what cannot be read wants everything that the source may write.
func (c *Controller) namesOf(ctx context.Context, other *otherSource) (names map[secrets.Address]bool, unreadable string) {
	other.mu.Lock()
	defer other.mu.Unlock()
	s, err := c.openOther(ctx, other, true)
	if err != nil {
		return nil, err.Error()
	}
	d, err := s.read(ctx)
	if err != nil {
		return nil, err.Error()
	}
	names = map[secrets.Address]bool{}
	for _, w := range d.Wants {
		names[w.Address] = true
	}
	if len(d.Failures) > 0 {
		unreadable = foreign.Short(d.Failures[0].Err.Error()) // it becomes the cause of many secrets
	}
	return names, unreadable
}

// leave notes which secrets the actions leave for other sources. It returns the sources
// for which a secret was left for the first time.
func (h *handOvers) leave(former string, actions []plan.Action, elsewhere map[secrets.Address]plan.Elsewhere) (first []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key := range h.since {
		if _, still := elsewhere[key.address]; key.former == former && !still {
			delete(h.since, key)
		}
	}
	for _, a := range actions {
		other, is := elsewhere[a.Address]
		key := leftSecret{former, a.Address}
		if _, known := h.since[key]; known || !is || a.Kind != plan.PendingHandOver {
			continue
		}
		h.since[key] = time.Now()
		first = append(first, other.Source)
	}
	slices.Sort(first)
	return slices.Compact(first)
}

// wakeFormers wakes the sources whose secrets were handed over: they then report that
// nothing is left.
func (c *Controller) wakeFormers(results []report.Result) {
	var names []string
	for _, other := range c.handOvers.sources {
		owner, err := secrets.GitOpsOwner(c.cfg.Controller, other.Name)
		if err == nil && slices.ContainsFunc(results, func(r report.Result) bool { return r.Kind == plan.HandOver && r.Err == nil && r.Former == owner }) {
			names = append(names, other.Name)
		}
	}
	c.wakeSources(names)
}

// wakeSources lets the loops of sources sync again if a hand-over is pending there.
func (c *Controller) wakeSources(names []string) {
	for _, name := range names {
		c.wakes[name].add(func(r *reasons) { r.changed = true })
	}
}

// markOverdue marks what was left for longer than the limit.
func (h *handOvers) markOverdue(former string, limit time.Duration, elsewhere map[secrets.Address]plan.Elsewhere) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for a, other := range elsewhere {
		if since, known := h.since[leftSecret{former, a}]; known && time.Since(since) >= limit {
			other.Overdue = true
			elsewhere[a] = other
		}
	}
}
