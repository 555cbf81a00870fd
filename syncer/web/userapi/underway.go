// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"crypto/sha256"
	"sync"
)

// The most requests that are under way at once: of one token, and of all. Config.Slot
// limits their bodies.
const (
	maxPerToken = 8
	maxRequests = 128
)

// underWay counts the requests that are under way.
type underWay struct {
	mu  sync.Mutex
	all int
	// byToken has hashes of tokens.
	byToken map[[sha256.Size]byte]int
}

func newUnderWay() *underWay { return &underWay{byToken: map[[sha256.Size]byte]int{}} }

// begin counts a request, unless there are too many. end ends it.
func (u *underWay) begin(token string) (end func(), ok bool) {
	key := sha256.Sum256([]byte(token))
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all >= maxRequests || u.byToken[key] >= maxPerToken {
		return nil, false
	}
	u.all++
	u.byToken[key]++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.all--
		if u.byToken[key]--; u.byToken[key] == 0 {
			delete(u.byToken, key)
		}
	}, true
}
