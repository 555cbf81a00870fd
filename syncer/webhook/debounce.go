// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"sync"
	"time"
)

// debounce calls trigger with at least gap between two calls: for the first push of
// a burst at once, for all others together once, later. The last push of a burst is
// always followed by a call. It is safe for concurrent use.
type debounce struct {
	gap     time.Duration
	trigger func()

	mu      sync.Mutex
	last    time.Time
	waiting bool
}

func (d *debounce) push() {
	d.mu.Lock()
	if d.waiting {
		d.mu.Unlock()
		return
	}
	if wait := time.Until(d.last.Add(d.gap)); wait > 0 {
		d.waiting = true
		d.mu.Unlock()
		time.AfterFunc(wait, d.fire)
		return
	}
	d.mu.Unlock()
	d.fire()
}

func (d *debounce) fire() {
	d.mu.Lock()
	d.last, d.waiting = time.Now(), false
	d.mu.Unlock()
	d.trigger()
}
