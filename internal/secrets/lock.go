// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"sync"
)

// addressLocks serialize the changes of one address within a process. Terraform creates
// the new instance of a resource and destroys another one of the same owner at the same
// time; without a lock the release of the one could replace the record of the other.
// Between processes nothing does that: a late release is repaired (package comment).
// The zero value is ready.
type addressLocks struct {
	mu    sync.Mutex
	locks map[Address]chan struct{}
}

// lock waits for the address, or for the end of ctx. unlock is nil after an error.
func (l *addressLocks) lock(ctx context.Context, a Address) (unlock func(), err error) {
	l.mu.Lock()
	if l.locks == nil {
		l.locks = map[Address]chan struct{}{}
	}
	slot := l.locks[a]
	if slot == nil {
		slot = make(chan struct{}, 1)
		l.locks[a] = slot
	}
	l.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
