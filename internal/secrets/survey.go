// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Survey is the metadata of whole scopes.
type Survey struct {
	// Entries are all secrets of the scopes that could be observed, also dead ones.
	Entries map[Address]Entry
	// Other are the keys that cannot be managed, of the scopes that have any and could be
	// observed (Names.Other).
	Other map[Scope][]string
	// Empty are the scopes without any entry: nothing was ever written there, or the name
	// of the workflow is mistyped.
	Empty []Scope
	// Failed are the scopes that could not be observed as a whole, with the error. The
	// Entries contain none of their secrets.
	Failed map[Scope]error

	// listedAt is when the scopes were listed, by this machine's clock.
	listedAt map[Scope]time.Time
}

// Absent is the observation of the names that were not listed in a scope: Vault has not
// even metadata of them. It is as good as a read of the metadata, for as long. It is the zero
// Entry for a scope that could not be observed.
func (s Survey) Absent(in Scope) Entry {
	if at, listed := s.listedAt[in]; listed && s.Failed[in] == nil {
		return Entry{absent: true, observedAt: at}
	}
	return Entry{}
}

// Survey lists the scopes and describes every secret in them: one request a
// scope, then one a secret, as many at once as Config.Concurrency allows. A scope
// that cannot be observed is in Failed and stops no other. Errors: those that affect
// all (AffectsAll), or the context's.
func (c *Client) Survey(ctx context.Context, scopes ...Scope) (Survey, error) {
	out := Survey{Other: map[Scope][]string{}, Failed: map[Scope]error{}, listedAt: map[Scope]time.Time{}}
	names, errs, err := requestAll(ctx, c.concurrency, scopes, c.listChecked)
	if err != nil {
		return Survey{}, err
	}
	var addresses []Address
	for i, scope := range scopes {
		if errs[i] != nil {
			out.Failed[scope] = errs[i]
		} else {
			out.listedAt[scope] = names[i].at
		}
		if errs[i] == nil && len(names[i].Other)+len(names[i].Manageable) == 0 {
			out.Empty = append(out.Empty, scope)
		}
		if len(names[i].Other) > 0 {
			out.Other[scope] = names[i].Other
		}
		for _, name := range names[i].Manageable {
			addresses = append(addresses, Address{Scope: scope, Name: name})
		}
	}
	var broken sync.Map // scopes that failed already
	entries, errs, err := requestAll(ctx, c.concurrency, addresses, func(ctx context.Context, a Address) (Entry, error) {
		if _, known := broken.Load(a.Scope); known {
			return Entry{}, nil
		}
		e, err := c.Describe(ctx, a)
		if err != nil {
			broken.Store(a.Scope, true)
		}
		return e, err
	})
	if err != nil {
		return Survey{}, err
	}
	for i, a := range addresses {
		if errs[i] != nil {
			out.Failed[a.Scope] = ofScope(errs[i])
			delete(out.Other, a.Scope)
		}
	}
	out.Entries = make(map[Address]Entry, len(addresses)) // it would grow to twice as much
	for i, a := range addresses {
		if out.Failed[a.Scope] == nil {
			out.Entries[a] = entries[i]
		}
	}
	return out, nil
}

// listing are the names of a scope, and when they were asked for.
type listing struct {
	Names
	at time.Time
}

func (c *Client) listChecked(ctx context.Context, s Scope) (l listing, err error) {
	if err := s.Check(); err != nil {
		return listing{}, err
	}
	l.at = time.Now()
	l.Names, err = c.List(ctx, s)
	return l, err
}

// ofScope is the error of one address as that of its whole scope.
func ofScope(err error) error {
	if missing, is := errors.AsType[*MissingCapabilityError](err); is {
		return &MissingCapabilityError{Address: Address{Scope: missing.Address.Scope}, Rules: missing.Rules, Command: missing.Command, NoneGranted: missing.NoneGranted}
	}
	return err
}

// requestAll runs a request for every item, at most limit at once, and returns answers and
// errors in the order of the items. An error that affects all ends it, as the end of
// the context does.
func requestAll[Q, A any](ctx context.Context, limit int, items []Q, ask func(context.Context, Q) (A, error)) ([]A, []error, error) {
	answers, errs := make([]A, len(items)), make([]error, len(items))
	group, shared := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i, item := range items {
		group.Go(func() error {
			if err := shared.Err(); err != nil {
				return err
			}
			answers[i], errs[i] = ask(shared, item)
			if AffectsAll(errs[i]) {
				return errs[i]
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return answers, errs, ctx.Err()
}
