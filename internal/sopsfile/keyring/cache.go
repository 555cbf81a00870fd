// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// maxCached data keys take less than a megabyte.
	maxCached = 4096
	// cacheFor is how long a decrypted data key is used without a request to its server,
	// and so how long a key that was revoked there still decrypts known files.
	cacheFor = time.Hour
)

// cache keeps what remote keys decrypted, so that a sync sends one request per entry.
type cache struct {
	flights singleflight.Group
	now     func() time.Time

	mu     sync.Mutex
	opened map[cacheKey]cachedKey
	order  []cacheKey // of opened, oldest first
}

// cacheKey is a hash over everything that the response depends on.
type cacheKey [sha256.Size]byte

type cachedKey struct {
	key   []byte
	until time.Time
}

func newCache() *cache {
	return &cache{now: time.Now, opened: map[cacheKey]cachedKey{}}
}

func keyOf(w Wrapped) cacheKey {
	hash := sha256.New()
	add := func(part []byte) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write(part)
	}
	add([]byte(w.Kind))
	add([]byte(w.ID))
	add(w.Text)
	for _, name := range slices.Sorted(maps.Keys(w.Context)) {
		add([]byte(name))
		add([]byte(w.Context[name]))
	}
	return cacheKey(hash.Sum(nil))
}

// open returns the decrypted entry, and calls ask if it is not in the cache. Of several
// concurrent callers, one calls ask; each waits no longer than its own context.
func (c *cache) open(ctx context.Context, w Wrapped, ask func(context.Context, Wrapped) ([]byte, error)) ([]byte, error) {
	id := keyOf(w)
	if key := c.get(id); key != nil {
		return key, nil
	}
	flight := c.flights.DoChan(string(id[:]), func() (any, error) {
		// Not the first caller's context: when it ends, the others still wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), remoteTimeout)
		defer cancel()
		key, err := ask(ctx, w)
		if err != nil {
			return nil, err
		}
		if len(key) == 0 || len(key) > maxKeyBytes {
			return nil, &Error{Recipient: w.Recipient(), Class: ErrDamaged, Detail: "it does not contain a data key"}
		}
		c.put(id, key)
		return key, nil
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case result := <-flight:
		key, _ := result.Val.([]byte)
		return slices.Clone(key), result.Err
	}
}

func (c *cache) get(id cacheKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.opened[id]
	if !ok || c.now().After(found.until) {
		return nil
	}
	return slices.Clone(found.key)
}

func (c *cache) put(id cacheKey, key []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.opened[id]; again {
		c.order = slices.DeleteFunc(c.order, func(other cacheKey) bool { return other == id })
	}
	c.order = append(c.order, id)
	c.opened[id] = cachedKey{key: slices.Clone(key), until: c.now().Add(cacheFor)}
	for len(c.order) > maxCached || c.now().After(c.opened[c.order[0]].until) {
		delete(c.opened, c.order[0])
		c.order = c.order[1:]
	}
}

// remote is a kind whose keys stay on a server.
type remote interface {
	kind() Kind
	// lists reports whether the key of an entry is configured.
	lists(id string) bool
	available() []string
	// unwrap sends the request to the server. A failure has its class; the texts of
	// other errors do not leave this package.
	unwrap(ctx context.Context, w Wrapped) ([]byte, error)
}

// guarded limits the requests to an unavailable server: after a request without a
// response, it sends no other for as long as that request took. So hundreds of files
// cost the timeout of a dead server once.
type guarded struct {
	remote

	mu    sync.Mutex
	until time.Time
	last  error
}

func (g *guarded) open(ctx context.Context, w Wrapped) ([]byte, error) {
	if err := g.resting(); err != nil {
		return nil, named(w, err)
	}
	begun := time.Now()
	key, err := g.unwrap(ctx, w)
	if err == nil {
		return key, nil
	}
	err = named(w, err)
	if problem, ok := errors.AsType[*Error](err); ok && errors.Is(err, ErrUnavailable) {
		g.rest(time.Since(begun), unavailable(problem.Detail))
	}
	return nil, err
}

func (g *guarded) resting() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.until) {
		return g.last
	}
	return nil
}

func (g *guarded) rest(took time.Duration, why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until, g.last = time.Now().Add(took), why
}
