// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

// slots limit the forms that are in memory: in total, and for one person, so that one person
// with many slow uploads does not keep others from writing.
type slots struct {
	total, perPerson int
	mu               sync.Mutex
	taken            map[string]int
	n                int
}

// take takes a slot and returns the function that frees it; ok is false if none is free.
func (s *slots) take(person string) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n >= s.total || s.taken[person] >= s.perPerson {
		return nil, false
	}
	s.n++
	s.taken[person]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n--
		if s.taken[person]--; s.taken[person] == 0 {
			delete(s.taken, person)
		}
	}, true
}

// form reads the form of a request, which has no value.
func (v *visit) form() (*form.Form, error) { return form.Read(v.w, v.r, 0) }

// withForm reads a form with values, in a slot, and calls use.
func (v *visit) withForm(use func(*form.Form) error) error {
	release, ok := v.forms.take(v.login.Person.EntityID)
	if !ok {
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
