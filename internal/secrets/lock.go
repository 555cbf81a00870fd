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
	locks map[Address]*addressLock
}

// addressLock exists while an address is locked or waited for.
type addressLock struct {
	slot  chan struct{} // with room for one
	users int
}

// lock waits for the address, or for the end of ctx. unlock is nil after an error.
func (l *addressLocks) lock(ctx context.Context, a Address) (unlock func(), err error) {
	one := l.enter(a)
	select {
	case one.slot <- struct{}{}:
		return func() {
			<-one.slot
			l.leave(a, one)
		}, nil
	case <-ctx.Done():
		l.leave(a, one)
		return nil, ctx.Err()
	}
}

func (l *addressLocks) enter(a Address) *addressLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locks == nil {
		l.locks = map[Address]*addressLock{}
	}
	one := l.locks[a]
	if one == nil {
		one = &addressLock{slot: make(chan struct{}, 1)}
		l.locks[a] = one
	}
	one.users++
	return one
}

func (l *addressLocks) leave(a Address, one *addressLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(l.locks, a)
	}
}
