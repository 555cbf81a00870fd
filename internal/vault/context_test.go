// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// watchedContext counts the contexts that depend on it.
type watchedContext struct {
	context.Context
	done      chan struct{}
	dependent *atomic.Int32
}

func (w watchedContext) Done() <-chan struct{} { return w.done }

// AfterFunc is what package context calls for a new dependent context.
func (w watchedContext) AfterFunc(func()) (stop func() bool) {
	w.dependent.Add(1)
	return func() bool { w.dependent.Add(-1); return true }
}

// TestNothingIsLeftOfARequest: a sync sends thousands a minute. What each would leave until its
// timeout takes more memory than all secrets.
func TestNothingIsLeftOfARequest(t *testing.T) {
	t.Parallel()
	address, requests := serve(t, 404, `{"errors":[]}`)
	c := connect(t, Settings{Address: address})
	ctx := watchedContext{context.Background(), make(chan struct{}), new(atomic.Int32)}
	_, read := c.ReadMetadata(ctx, entry)
	if patched := c.PatchMetadata(ctx, entry, map[string]any{}); !errors.Is(errors.Join(read, patched), kv.ErrNotFound) || requests.Load() != 2 {
		t.Errorf("%d requests: %v, %v", requests.Load(), read, patched)
	}
	if left := ctx.dependent.Load(); left != 0 {
		t.Errorf("%d contexts are left", left)
	}
}
