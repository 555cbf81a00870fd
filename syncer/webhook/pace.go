// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"sync"
	"time"
)

// debounce passes hints on, at least a gap apart: the first of a burst at once, all
// the others as one, later. The last is never lost. It is safe for concurrent use.
type debounce struct {
	gap  time.Duration
	hint func()

	mu      sync.Mutex
	last    time.Time
	waiting bool
}

func (p *debounce) push() {
	p.mu.Lock()
	if p.waiting {
		p.mu.Unlock()
		return
	}
	if wait := time.Until(p.last.Add(p.gap)); wait > 0 {
		p.waiting = true
		p.mu.Unlock()
		time.AfterFunc(wait, p.fire)
		return
	}
	p.mu.Unlock()
	p.fire()
}

func (p *debounce) fire() {
	p.mu.Lock()
	p.last, p.waiting = time.Now(), false
	p.mu.Unlock()
	p.hint()
}
