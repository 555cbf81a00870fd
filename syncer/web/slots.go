// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

// Limits of the values in memory. One needs up to about six times its size: as it was sent,
// and as the body of the request to Vault.
const (
	maxForms          = 8
	maxFormsPerPerson = 2
	// slotWait is how long a form waits for a slot: some writes.
	slotWait = 10 * time.Second
)

// slots limit the forms and calls of the API that are in memory with their values: in total,
// and for one person, so that one person with many slow uploads does not keep others from
// writing.
type slots struct {
	// free has an element for each slot that is taken.
	free  chan struct{}
	mu    sync.Mutex
	taken map[string]int
}

func newSlots() *slots {
	return &slots{free: make(chan struct{}, maxForms), taken: map[string]int{}}
}

// take takes a slot, once one is free, and returns the function that frees it. ok is false if
// none becomes free soon, or if the person has too many.
func (s *slots) take(ctx context.Context, person string) (release func(), ok bool) {
	if !s.count(person) {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, slotWait)
	defer cancel()
	select {
	case s.free <- struct{}{}:
	case <-ctx.Done():
		s.forget(person)
		return nil, false
	}
	return func() {
		<-s.free
		s.forget(person)
	}, true
}

func (s *slots) count(person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[person] >= maxFormsPerPerson {
		return false
	}
	s.taken[person]++
	return true
}

func (s *slots) forget(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[person]--; s.taken[person] == 0 {
		delete(s.taken, person)
	}
}

// form reads the form of a request, which has no value.
func (v *visit) form() (*form.Form, error) { return form.Read(v.w, v.r, 0) }

// withForm reads a form with values, in a slot, and calls use.
func (v *visit) withForm(use func(*form.Form) error) error {
	release, ok := v.forms.take(v.r.Context(), v.login.Person.EntityID)
	if !ok {
		form.Skip(v.w, v.r, v.maxValueBytes())
		return errBusy
	}
	defer release()
	// Chrome keeps the page with the form as it was left, with the value, and shows it again
	// at the back button, in spite of no-store; but not after a change of such a cookie.
	http.SetCookie(v.w, v.cookie(ticketCookie, v.ticket, v.web.Lifetime))
	f, err := form.Read(v.w, v.r, v.maxValueBytes())
	if err != nil {
		return err
	}
	return use(f)
}
