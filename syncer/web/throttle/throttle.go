// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package throttle

import (
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxFailures is one less than Vault's default (user_lockout).
	maxFailures = 4
	// Pause is how long a name is refused, and how long failures are remembered.
	Pause = 15 * time.Minute
	// maxEntries bounds each of the lists: some megabytes.
	maxEntries = 20_000
	// attempts and interval: this many at once, then one in an interval, for one client.
	attempts = 20
	interval = 3 * time.Second
)

// Throttle remembers failed logins. It is safe for concurrent use.
type Throttle struct {
	mu      sync.Mutex
	names   map[key]*failures
	clients map[string]*rate.Limiter
}

// key is a hash of client, login method and name, of equal size whatever was sent.
type key [sha256.Size]byte

type failures struct {
	count int
	last  time.Time
}

// New returns a Throttle without failures.
func New() *Throttle {
	return &Throttle{names: map[key]*failures{}, clients: map[string]*rate.Limiter{}}
}

// AllowClient reports whether a client may send Vault an attempt without a name now, and
// otherwise how long it has to wait. It counts the attempt.
func (t *Throttle) AllowClient(client string) (wait time.Duration, allowed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.allowClient(client, time.Now())
}

// Begin reports whether a client may try to log in as a name now, and otherwise how long it
// has to wait. It counts the attempt as failed, until Succeeded or Undecided: many attempts
// at once are no more than Vault would count.
func (t *Throttle) Begin(client, method, name string) (wait time.Duration, allowed bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	at := keyOf(client, method, name)
	f := t.names[at]
	if f != nil && now.Sub(f.last) >= Pause {
		f = nil
	}
	if f != nil && f.count >= maxFailures {
		return f.last.Add(Pause).Sub(now), false
	}
	if wait, allowed := t.allowClient(client, now); !allowed {
		return wait, false
	}
	if f == nil {
		if len(t.names) >= maxEntries {
			t.forgetNames(now)
		}
		f = &failures{}
		t.names[at] = f
	}
	f.count, f.last = f.count+1, now
	return 0, true
}

func (t *Throttle) allowClient(client string, now time.Time) (wait time.Duration, allowed bool) {
	limiter := t.clients[client]
	if limiter == nil {
		if len(t.clients) >= maxEntries {
			t.forgetClients(now)
		}
		limiter = rate.NewLimiter(rate.Every(interval), attempts)
		t.clients[client] = limiter
	}
	if !limiter.AllowN(now, 1) {
		return interval, false
	}
	return 0, true
}

// Failed ends an attempt that Vault refused: it counts from now on.
func (t *Throttle) Failed(client, method, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.names[keyOf(client, method, name)]; f != nil {
		f.last = time.Now()
	}
}

// Undecided ends an attempt about which Vault did not decide: it does not count.
func (t *Throttle) Undecided(client, method, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := keyOf(client, method, name)
	if f := t.names[at]; f != nil {
		if f.count--; f.count <= 0 {
			delete(t.names, at)
		}
	}
}

// Succeeded forgets the failures of a name from a client.
func (t *Throttle) Succeeded(client, method, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, keyOf(client, method, name))
}

// forgetNames forgets failures that count no more, otherwise any.
func (t *Throttle) forgetNames(now time.Time) {
	for at, f := range t.names {
		if now.Sub(f.last) >= Pause {
			delete(t.names, at)
		}
	}
	for at := range t.names {
		if len(t.names) < maxEntries {
			return
		}
		delete(t.names, at)
	}
}

// forgetClients forgets clients that may try as often as a new one, otherwise any.
func (t *Throttle) forgetClients(now time.Time) {
	for client, limiter := range t.clients {
		if limiter.TokensAt(now) >= attempts {
			delete(t.clients, client)
		}
	}
	for client := range t.clients {
		if len(t.clients) < maxEntries {
			return
		}
		delete(t.clients, client)
	}
}

// keyOf is the key of an attempt. Vault's methods take names that differ only in case for
// one person.
func keyOf(client, method, name string) key {
	hash := sha256.New()
	for _, part := range []string{client, method, strings.ToLower(name)} {
		sum := sha256.Sum256([]byte(part))
		hash.Write(sum[:])
	}
	return key(hash.Sum(nil))
}
