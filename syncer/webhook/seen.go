// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// rememberFor is how long a delivery is recognized as replayed. It covers the
	// tolerance of signed times, which is five minutes to both sides.
	rememberFor = 10 * time.Minute
	// maxRemembered limits the remembered deliveries of all sources together, to
	// about 1 MiB of memory. Only authenticated deliveries are remembered; the oldest
	// is dropped for a new one.
	maxRemembered = 10_000
)

// seen remembers deliveries. It is safe for concurrent use.
type seen struct {
	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
	order [][sha256.Size]byte // oldest first
}

func newSeen() *seen { return &seen{until: map[[sha256.Size]byte]time.Time{}} }

// first reports whether a source's delivery is new, and remembers it.
func (s *seen) first(source, delivery string, now time.Time) bool {
	key := sha256.Sum256([]byte(source + "\x00" + delivery))
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (len(s.order) >= maxRemembered || !now.Before(s.until[s.order[0]])) {
		delete(s.until, s.order[0])
		s.order = s.order[1:]
	}
	if _, known := s.until[key]; known {
		return false
	}
	s.until[key] = now.Add(rememberFor)
	s.order = append(s.order, key)
	return true
}
