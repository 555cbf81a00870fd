// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// observation is what Vault's metadata says of a source's workflows.
type observation struct {
	entries map[secrets.Address]secrets.Entry
	// unseen are the workflows that could not be looked at, and why.
	unseen map[string]error
}

// observe lists every workflow of the source and reads the metadata of every
// secret in it: one request per workflow and one per secret. A workflow that
// Vault does not show is unseen and stops no other; a Vault that shows nothing
// ends the round.
func (s *source) observe(ctx context.Context) (observation, error) {
	o := observation{entries: map[secrets.Address]secrets.Entry{}, unseen: map[string]error{}}
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(s.concurrency)
	for _, workflow := range s.Workflows {
		work.Go(func() error {
			entries, err := s.observeWorkflow(ctx, s.scope(workflow))
			if secrets.AffectsAll(err) || ctx.Err() != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				o.unseen[workflow] = err
			}
			for address, entry := range entries {
				o.entries[address] = entry
			}
			return nil
		})
	}
	return o, work.Wait()
}

func (s *source) observeWorkflow(ctx context.Context, scope secrets.Scope) (map[secrets.Address]secrets.Entry, error) {
	names, err := s.client.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	entries := make(map[secrets.Address]secrets.Entry, len(names))
	for _, name := range names {
		address := scope.Secret(name)
		if entries[address], err = s.client.Describe(ctx, address); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
