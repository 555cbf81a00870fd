// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tidy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	// Kind is the kind of a removal.
	Kind plan.Kind = "tidy"
	// DefaultAfter is how long a name has to be dead and released.
	DefaultAfter = 720 * time.Hour
)

// Tidy is one tidy of the workflows and connections of a Vault.
type Tidy struct {
	// Client is a client with the policy of the role tidy. Its owner does not matter.
	Client *secrets.Client
	// Root is the location of the workflows, Domain that of the connections; empty for none.
	Root   secrets.Scope
	Domain string
	// After is how long a name has to be dead and released by every owner.
	After time.Duration
	// Around is called around each removal, with the owner that released the name last.
	Around func(owner secrets.Owner, r *report.Result, do func())
	Warn   func(text string)
}

// Found is what Find found.
type Found struct {
	// Names can be removed, in order of address.
	Names []Name
	// Looked is the number of names that were looked at.
	Looked int
	// Failed are why some workflows or types of connections could not be looked at.
	Failed []error
	// at is when the search began, by this machine's clock.
	at time.Time
}

// Name is a name that can be removed.
type Name struct {
	Address secrets.Address
	Entry   secrets.Entry
	// step is what may be done with it now.
	step secrets.TidyStep
}

// Since is when it was released or deleted last.
func (n Name) Since() time.Time {
	since, _ := n.Entry.ReleasedSince()
	return since
}

// Find looks at every name. Errors: those that affect all, such as of a rejected token, or
// a missing capability on the folder of the workflows.
func (t Tidy) Find(ctx context.Context) (Found, error) {
	found := Found{at: time.Now()}
	scopes, err := t.scopes(ctx)
	if err != nil {
		return Found{}, err
	}
	seen, err := t.Client.Survey(ctx, scopes...)
	if err != nil {
		return Found{}, err
	}
	for _, scope := range scopes {
		if err := seen.Failed[scope]; err != nil {
			found.Failed = append(found.Failed, err)
		}
	}
	found.Looked = len(seen.Entries)
	for a, e := range seen.Entries {
		if step := e.TidyStep(t.After); step != secrets.TidyKeep {
			found.Names = append(found.Names, Name{a, e, step})
		}
	}
	slices.SortFunc(found.Names, func(a, b Name) int { return plan.Compare(a.Address, b.Address) })
	return found, nil
}

// scopes are all workflows, and the types of connections of the domain.
func (t Tidy) scopes(ctx context.Context) ([]secrets.Scope, error) {
	names, err := t.Client.Groups(ctx, t.Root)
	if err != nil {
		return nil, fmt.Errorf("list the workflows: %w", err)
	}
	var out []secrets.Scope
	for _, name := range names.Manageable {
		out = append(out, t.Root.In(name))
	}
	if t.Domain == "" {
		return out, nil
	}
	types, err := t.connections().Types(ctx, t.Root, t.Domain)
	if err != nil {
		return nil, fmt.Errorf("list the connections of domain %q: %w", t.Domain, err)
	}
	return append(out, types...), nil
}

func (t Tidy) connections() *connections.Client { return connections.New(t.Client, t.Warn) }

// Marked are names that were marked, and that Remove removes after a pause.
type Marked struct {
	Names []Name
	// Removable is when Remove can remove them, by this machine's clock.
	Removable time.Time
}

// Mark removes the names that an earlier tidy marked, if they are ready, and marks the
// others.
func (t Tidy) Mark(ctx context.Context, found Found) (results []report.Result, marked Marked) {
	marked.Removable = found.at.Add(secrets.TidyPause + clockStep)
	for _, name := range found.Names {
		if ctx.Err() != nil {
			break
		}
		if name.step == secrets.TidyRemove {
			results = append(results, t.remove(ctx, name))
			continue
		}
		if err := t.Client.MarkTidy(ctx, name.Address, name.Entry); err != nil {
			results = append(results, report.Result{Action: name.action(), Err: err})
			continue
		}
		marked.Names = append(marked.Names, name)
	}
	return results, marked
}

// clockStep is the precision of Vault's clock in answers, and a second for the way.
const clockStep = 2 * time.Second

// Remove removes what Mark marked. The caller has waited until marked.Removable.
func (t Tidy) Remove(ctx context.Context, marked Marked) []report.Result {
	var results []report.Result
	for _, name := range marked.Names {
		if ctx.Err() != nil {
			break
		}
		results = append(results, t.remove(ctx, name))
	}
	return results
}

func (n Name) action() plan.Action {
	return plan.Action{Kind: Kind, Address: n.Address, Entry: n.Entry}
}

func (t Tidy) remove(ctx context.Context, name Name) report.Result {
	r := report.Result{Action: name.action()}
	t.Around(name.Entry.Releaser(), &r, func() {
		var step secrets.TidyStep
		if name.Address.Kind == secrets.Connection {
			step, r.Err = t.connections().RemoveTidied(ctx, name.Address, t.After)
		} else {
			step, r.Err = t.Client.RemoveTidied(ctx, name.Address, t.After, nil)
		}
		if r.Err == nil {
			r.Cause = stays(step)
		}
	})
	return r
}

// stays is why a marked name was not removed; empty if it was.
func stays(step secrets.TidyStep) string {
	switch step {
	case secrets.TidyRemove:
		return ""
	case secrets.TidyKeep:
		return "not removed: it was written, undeleted or released since it was marked"
	case secrets.TidyWait, secrets.TidyMark:
	}
	return "not removed: another tidy has marked it again, or the mark is too old; the next tidy removes it"
}
