// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package session

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func store() *Store {
	return New(Limits{Idle: time.Minute, Lifetime: 5 * time.Minute, Sessions: 4, SessionsPerPerson: 2})
}

func TestSessionEndsByTimeOnceAndForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := store()
		for name, c := range map[string]struct {
			waits   []time.Duration
			expires time.Duration
			expired bool
		}{
			"in use":              {waits: []time.Duration{50 * time.Second, 50 * time.Second, 50 * time.Second}},
			"idle":                {waits: []time.Duration{time.Minute}, expired: true},
			"lifetime":            {waits: []time.Duration{50 * time.Second, 50 * time.Second, 50 * time.Second, 50 * time.Second, 50 * time.Second, 50 * time.Second}, expired: true},
			"the token's own end": {waits: []time.Duration{31 * time.Second}, expires: 30 * time.Second, expired: true},
		} {
			var expires time.Time
			if c.expires > 0 {
				expires = time.Now().Add(c.expires)
			}
			ticket := s.Start("ada", []byte("token"), expires)
			var info Info
			for _, wait := range c.waits {
				time.Sleep(wait)
				content, now, found := s.Open(ticket)
				if info = now; !found || string(content) != "token" {
					t.Fatalf("%s: %q, %v", name, content, found)
				}
			}
			if info.Expired != c.expired {
				t.Errorf("%s: expired %v", name, info.Expired)
			}
			if _, _, found := s.Open(ticket); found == c.expired {
				t.Errorf("%s: a second request finds the session: %v", name, found)
			}
			s.End(ticket)
		}
	})
}

func TestTicketOpensNothingAfterEndAndOthersNever(t *testing.T) {
	t.Parallel()
	s := store()
	ticket := s.Start("ada", []byte("token of ada"), time.Time{})
	other := s.Start("bob", []byte("token of bob"), time.Time{})
	if content, _, _ := s.Open(other); string(content) != "token of bob" {
		t.Errorf("bob gets %q", content)
	}
	for _, wrong := range []string{"", "x", ticket[:len(ticket)-1], ticket + "A", strings.ToUpper(ticket), strings.Repeat("A", len(ticket)), ticket + "=", " " + ticket} {
		if _, _, found := s.Open(wrong); found {
			t.Errorf("ticket %q opens a session", wrong)
		}
	}
	s.End(ticket)
	if _, _, found := s.Open(ticket); found {
		t.Error("the ticket opens a session that has ended")
	}
}

// The store alone, such as in a core dump, has neither a token nor a ticket.
func TestStoreContainsNeitherContentNorTicket(t *testing.T) {
	t.Parallel()
	s := store()
	ticket := s.Start("ada", []byte("token of ada"), time.Time{})
	for name, one := range s.all {
		text := fmt.Sprintf("%q %q %+v", name, one.sealed, one)
		if strings.Contains(text, ticket) || bytes.Contains(one.sealed, []byte("token")) || strings.Contains(text, "token of") {
			t.Errorf("%s", text)
		}
		stolen := New(s.limits)
		stolen.all[name] = one
		if _, _, found := stolen.Open(strings.Repeat("A", len(ticket))); found {
			t.Error("opened without the ticket")
		}
	}
}

func TestLimitEndsTheSessionThatWasUsedLeastRecently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := store()
		var tickets []string
		start := func(person string) {
			time.Sleep(time.Second)
			tickets = append(tickets, s.Start(person, []byte(person), time.Time{}))
		}
		start("ada")
		start("ada")
		time.Sleep(time.Second)
		s.Open(tickets[0])
		start("ada") // ends the second
		start("bob")
		start("eve")
		start("joe") // ends the first of ada
		want := []bool{false, false, true, true, true, true}
		for i, ticket := range tickets {
			if _, _, found := s.Open(ticket); found != want[i] {
				t.Errorf("session %d: found %v", i, found)
			}
		}
		if s.Len() != 4 {
			t.Errorf("%d sessions", s.Len())
		}
		time.Sleep(time.Hour)
		if start("ada"); len(s.all) != 1 {
			t.Errorf("%d sessions after an hour", len(s.all))
		}
	})
}
