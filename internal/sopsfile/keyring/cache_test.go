// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestCacheSendsOneRequestPerEntry(t *testing.T) {
	t.Parallel()
	c := newCache()
	now := time.Now()
	c.now = func() time.Time { return now }
	entry := Wrapped{Kind: AWS, ID: "k", Text: []byte("t")}
	var mu sync.Mutex
	asked, release := 0, make(chan struct{})
	ask := func(context.Context, Wrapped) ([]byte, error) {
		mu.Lock()
		asked++
		mu.Unlock()
		<-release
		return []byte("key"), nil
	}
	// A caller that goes leaves the request to the others.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.open(gone, entry, ask); !errors.Is(err, context.Canceled) {
		t.Errorf("gone: got %v", err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if key, err := c.open(t.Context(), entry, ask); err != nil || string(key) != "key" {
				t.Errorf("got %q, %v", key, err)
			}
		})
	}
	close(release)
	group.Wait()
	key, _ := c.open(t.Context(), entry, ask)
	key[0] = 'X' // a caller's copy is its own
	if again, _ := c.open(t.Context(), entry, ask); asked != 1 || string(again) != "key" {
		t.Errorf("asked %d times, holds %q", asked, again)
	}
	for _, other := range []Wrapped{{Kind: GCP, ID: "k", Text: []byte("t")}, {Kind: AWS, ID: "kt"}, {Kind: AWS, ID: "k", Text: []byte("t"), Context: map[string]string{"a": "b"}}} {
		before := asked
		if _, err := c.open(t.Context(), other, ask); err != nil || asked != before+1 {
			t.Errorf("%v is taken for another entry", other)
		}
	}
	now = now.Add(cacheFor + time.Second)
	before := asked
	if _, _ = c.open(t.Context(), entry, ask); asked != before+1 {
		t.Error("a key outlives its time")
	}
	for i := range maxCached + 10 {
		c.put(cacheKey{byte(i), byte(i >> 8), 1}, []byte("k"))
	}
	if len(c.opened) != maxCached || len(c.order) != maxCached {
		t.Errorf("holds %d keys, %d in order", len(c.opened), len(c.order))
	}
	failing := func(context.Context, Wrapped) ([]byte, error) { asked++; return nil, ErrRejected }
	before = asked
	for range 2 {
		if _, err := c.open(t.Context(), Wrapped{ID: "f"}, failing); !errors.Is(err, ErrRejected) {
			t.Errorf("got %v", err)
		}
	}
	if asked != before+2 {
		t.Error("a failure is kept")
	}
}

// slow is a key server that answers nothing, after a while.
type slow struct {
	remote
	took  time.Duration
	asked int
}

func (s *slow) unwrap(context.Context, Wrapped) ([]byte, error) {
	s.asked++
	begun := time.Now()
	for time.Since(begun) < s.took { //nolint:revive // a condition with an end
	}
	return nil, unavailable("timed out")
}

func TestUnavailableServerGetsNoFurtherRequestsForAWhile(t *testing.T) {
	t.Parallel()
	server := &slow{took: 200 * time.Millisecond}
	g := &guarded{remote: server}
	for i := range 100 {
		if _, err := g.open(t.Context(), Wrapped{Kind: AWS, ID: "k"}); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("%d: got %v", i, err)
		}
	}
	if server.asked > 2 {
		t.Errorf("asked %d times", server.asked)
	}
	server.took = 0
	deadline := time.Now().Add(5 * time.Second)
	for before := server.asked; server.asked == before; {
		_, _ = g.open(t.Context(), Wrapped{Kind: AWS, ID: "k"})
		if time.Now().After(deadline) {
			t.Fatal("it is never asked again")
		}
	}
}
