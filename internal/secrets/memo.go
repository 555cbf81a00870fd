// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"sync"
)

// memo has the answers to questions that many callers share. One caller asks, and the
// others wait for its answer. Only a success is kept: after an error the next caller asks
// again.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	asked map[K]*question[V]
}

// question is a question that was asked, and its answer once done is closed.
type question[V any] struct {
	done   chan struct{}
	answer V
	err    error
	// abandoned: the caller that asked was canceled, so there is nothing to share.
	abandoned bool
}

// ask returns the answer for the key. A caller whose context ends stops waiting, and does
// not end the question of another one.
func (m *memo[K, V]) ask(ctx context.Context, key K, run func(context.Context) (V, error)) (V, error) {
	for {
		q, first := m.question(key)
		if first {
			m.answer(ctx, key, q, run)
			return q.answer, q.err
		}
		select {
		case <-q.done:
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		}
		if !q.abandoned {
			return q.answer, q.err
		}
	}
}

// question returns the question for the key, and whether the caller has to ask it.
func (m *memo[K, V]) question(key K) (q *question[V], first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q = m.asked[key]; q != nil {
		return q, false
	}
	if m.asked == nil {
		m.asked = map[K]*question[V]{}
	}
	q = &question[V]{done: make(chan struct{}), abandoned: true}
	m.asked[key] = q
	return q, true
}

func (m *memo[K, V]) answer(ctx context.Context, key K, q *question[V], run func(context.Context) (V, error)) {
	defer close(q.done)
	kept := false
	defer func() { // also if run panics
		if !kept {
			m.mu.Lock()
			delete(m.asked, key)
			m.mu.Unlock()
		}
	}()
	q.answer, q.err = run(ctx)
	kept = q.err == nil
	q.abandoned = q.err != nil && ctx.Err() != nil
}

// set keeps an answer that the caller knows.
func (m *memo[K, V]) set(key K, answer V) {
	q, first := m.question(key)
	if first {
		q.answer, q.abandoned = answer, false
		close(q.done)
	}
}
