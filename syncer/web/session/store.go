// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Limits bound the sessions.
type Limits struct {
	// Idle is the time without a request, Lifetime the total time, after which a session
	// ends.
	Idle, Lifetime time.Duration
	// Sessions and SessionsPerPerson limit their number.
	Sessions, SessionsPerPerson int
}

// Store has the sessions of one process. It is safe for concurrent use.
type Store struct {
	limits Limits
	mu     sync.Mutex
	all    map[id]*session
}

// ticketBytes is the size of a ticket before its encoding.
const ticketBytes = 32

// id is what the store knows of a ticket.
type id [sha256.Size]byte

type session struct {
	person string
	sealed []byte
	// note is for the next page.
	note           string
	begun, usedAt  time.Time
	renewedAt      time.Time
	tokenExpiresAt time.Time
}

// Info is what is known of a session beside its content.
type Info struct {
	// Ends is when the session ends if it is used until then.
	Ends time.Time
	// Expired means that it ended by time. Its content can be opened once more, to revoke
	// the token in it.
	Expired bool
	// ID distinguishes the sessions of the store. It opens nothing.
	ID string
	// Renew means that a quarter of the idle time has passed since the start, or since
	// Renew was true.
	Renew bool
}

// New returns an empty store.
func New(limits Limits) *Store { return &Store{limits: limits, all: map[id]*session{}} }

// Start begins a session of a person and returns its ticket. It ends at expires at the
// latest; zero for no such limit.
func (s *Store) Start(person string, content []byte, expires time.Time) (ticket string) {
	secret := make([]byte, ticketBytes)
	_, _ = rand.Read(secret) // it ends the process rather than fail
	key, name := derive(secret)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeEnded(now)
	s.makeRoom(person)
	sealed := aead(key).Seal(nil, nil, content, name[:]) //nolint:gosec // the AEAD makes the nonce
	s.all[name] = &session{person: person, sealed: sealed, begun: now, usedAt: now, renewedAt: now, tokenExpiresAt: expires}
	return base64.RawURLEncoding.EncodeToString(secret)
}

// Open returns the content of the ticket's session and notes that it is used. found is
// false for a ticket without a session.
func (s *Store) Open(ticket string) (content []byte, info Info, found bool) {
	key, name, valid := parse(ticket)
	if !valid {
		return nil, Info{}, false
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[name]
	if one == nil {
		return nil, Info{}, false
	}
	content, err := aead(key).Open(nil, nil, one.sealed, name[:])
	if err != nil {
		return nil, Info{}, false
	}
	info = Info{ID: string(name[:]), Ends: s.end(one), Expired: s.ended(one, now)}
	if info.Expired {
		delete(s.all, name)
		return content, info, true
	}
	one.usedAt = now
	if now.Sub(one.renewedAt) >= s.limits.Idle/4 {
		one.renewedAt, info.Renew = now, true
	}
	return content, info, true
}

// Leave leaves a note for the next page of a session. It is not sealed: it must contain
// nothing that others must not know.
func (s *Store) Leave(ticket, note string) { s.swapNote(ticket, note) }

// TakeNote returns the note and removes it; empty for none.
func (s *Store) TakeNote(ticket string) string { return s.swapNote(ticket, "") }

func (s *Store) swapNote(ticket, note string) (former string) {
	_, name, valid := parse(ticket)
	if !valid {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.all[name]; one != nil {
		former, one.note = one.note, note
	}
	return former
}

// End ends the session of a ticket.
func (s *Store) End(ticket string) {
	if _, name, valid := parse(ticket); valid {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, name)
	}
}

// Len returns the number of sessions that have not ended.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, now := 0, time.Now()
	for _, one := range s.all {
		if !s.ended(one, now) {
			n++
		}
	}
	return n
}

// end is when a session ends by its total time.
func (s *Store) end(one *session) time.Time {
	end := one.begun.Add(s.limits.Lifetime)
	if at := one.tokenExpiresAt; !at.IsZero() && at.Before(end) {
		return at
	}
	return end
}

func (s *Store) ended(one *session, now time.Time) bool {
	return !now.Before(s.end(one)) || now.Sub(one.usedAt) >= s.limits.Idle
}

// removeEnded removes what ended so long ago that its token has expired, too: until then a
// request with the ticket revokes the token.
func (s *Store) removeEnded(now time.Time) {
	for name, one := range s.all {
		if now.Sub(one.usedAt) >= s.limits.Idle+s.limits.Lifetime {
			delete(s.all, name)
		}
	}
}

// makeRoom ends the oldest sessions, so that one more is within the limits.
func (s *Store) makeRoom(person string) {
	for s.surplus(func(one *session) bool { return one.person == person }, s.limits.SessionsPerPerson) {
	}
	for s.surplus(func(*session) bool { return true }, s.limits.Sessions) {
	}
}

// surplus removes the session that was used least recently among those that count, if they
// are as many as the limit, and reports whether it did.
func (s *Store) surplus(counts func(*session) bool, limit int) bool {
	var oldest id
	n := 0
	for name, one := range s.all {
		if !counts(one) {
			continue
		}
		if n == 0 || one.usedAt.Before(s.all[oldest].usedAt) {
			oldest = name
		}
		n++
	}
	if n < limit || n == 0 {
		return false
	}
	delete(s.all, oldest)
	return true
}

func parse(ticket string) (key []byte, name id, valid bool) {
	secret, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(secret) != ticketBytes {
		return nil, id{}, false
	}
	key, name = derive(secret)
	return key, name, true
}

// derive derives the key of the content, and the name by which the store knows a session
// (RFC 5869). Neither can be derived from the other.
func derive(secret []byte) (key []byte, name id) {
	expand := func(label string) []byte {
		out, err := hkdf.Expand(sha256.New, secret, label, sha256.Size)
		if err != nil {
			panic("session: " + err.Error()) // only for a longer key
		}
		return out
	}
	return expand("relay-sync web session key"), id(expand("relay-sync web session name"))
}

func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var sealer cipher.AEAD
		if sealer, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return sealer
		}
	}
	panic("session: " + err.Error()) // only for a key of another size
}
