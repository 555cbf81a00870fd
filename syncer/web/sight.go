// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// sight remembers for a short time which workflows the person of a session may view: Vault
// needs about half a millisecond for each question. It is safe for concurrent use.
type sight struct {
	mu       sync.Mutex
	sessions map[string]*sightOf
}

// sightOf is that of one session, from a time on.
type sightOf struct {
	since time.Time
	may   map[string]bool
}

const (
	// sightTime is how long an answer counts. A right that was taken away is still used that
	// long for what the daemon knows; Vault itself decides about each request.
	sightTime = time.Minute
	// maxSight limits the workflows that are remembered for one session.
	maxSight = 20_000
)

// known returns what is remembered since a time, and the names that are not.
func (s *sight) known(session string, names []string, now time.Time) (may map[string]bool, unknown []string, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.sessions[session]
	if one == nil || now.Sub(one.since) >= sightTime || len(one.may) > maxSight {
		for id, other := range s.sessions { // of ended sessions, too
			if now.Sub(other.since) >= sightTime {
				delete(s.sessions, id)
			}
		}
		one = &sightOf{since: now, may: map[string]bool{}}
		s.sessions[session] = one
	}
	may = make(map[string]bool, len(names))
	for _, name := range names {
		if answer, is := one.may[name]; is {
			may[name] = answer
		} else {
			unknown = append(unknown, name)
		}
	}
	return may, unknown, one.since
}

// remember adds answers to what is remembered since a time: those of a slow request are older
// than what began after it.
func (s *sight) remember(session string, answers map[string]bool, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.sessions[session]; one != nil && one.since.Equal(since) {
		for name, may := range answers {
			one.may[name] = may
		}
	}
}

// sees reports for workflows that the daemon named whether the person may list their secrets
// and read their metadata in Vault.
func (v *visit) sees(ctx context.Context, workflows []string) (map[string]bool, error) {
	names := slices.Compact(slices.Sorted(slices.Values(workflows)))
	names = slices.DeleteFunc(names, func(name string) bool { return secrets.CheckName("workflow", name) != nil })
	may, unknown, since := v.sight.known(v.session, names, time.Now())
	if len(unknown) == 0 {
		return may, nil
	}
	answers, err := person.MayView(ctx, v.client, v.root(), unknown...)
	if err != nil {
		return nil, err
	}
	v.sight.remember(v.session, answers, since)
	for name, answer := range answers {
		may[name] = answer
	}
	return may, nil
}
