// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"errors"
	"regexp"
	"strconv"
)

// Why an entry was not opened. ErrUnavailable may pass by itself; the others need a
// person.
var (
	// ErrNoAvailableKey is an entry for a key that the configuration does not list.
	ErrNoAvailableKey = errors.New("no key is held for this recipient")
	// ErrUnavailable is a key server, or a file of credentials, out of reach for now.
	ErrUnavailable = errors.New("the key server cannot be asked now")
	// ErrRejected is a server that does not let these credentials use the key.
	ErrRejected = errors.New("the key server refuses")
	// ErrDamaged is an entry that its own key does not open.
	ErrDamaged = errors.New("the entry does not open with its key: it is damaged, or made for another key")
)

// Error is a listed key that did not open an entry. It holds nothing of what the
// server said but a status and a code.
type Error struct {
	// Recipient is the key, as in Keys.Available.
	Recipient string
	// Class is ErrUnavailable, ErrRejected or ErrDamaged.
	Class error
	// Detail says more, in our own words; it can be empty.
	Detail string
}

func (e *Error) Error() string {
	text := showRecipient(e.Recipient) + ": " + e.Class.Error()
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap gives the class.
func (e *Error) Unwrap() error { return e.Class }

// failure is an Error before its recipient is known.
type failure struct {
	class  error
	detail string
}

func (f *failure) Error() string { return f.class.Error() + " (" + f.detail + ")" }

func unavailable(detail string) error { return &failure{ErrUnavailable, detail} }
func rejected(detail string) error    { return &failure{ErrRejected, detail} }
func damaged(detail string) error     { return &failure{ErrDamaged, detail} }

// named makes an Error of whatever a kind returned. An error that is no failure
// could hold anything; none of it is kept.
func named(w Wrapped, err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return &Error{Recipient: w.Recipient(), Class: f.class, Detail: f.detail}
	}
	return &Error{Recipient: w.Recipient(), Class: ErrUnavailable}
}

// ofStatus classes an answer of a server that speaks plain HTTP.
func ofStatus(during string, status int) error {
	detail := during + "HTTP status " + strconv.Itoa(status)
	switch {
	case status >= 500, status == 429, status == 408:
		return unavailable(detail)
	case status == 400:
		return damaged(detail)
	case status >= 300 && status < 400:
		return rejected(detail + ", a redirect, which is not followed")
	case status == 404:
		return rejected(detail + ": there is no such key at this address, or it may not be seen")
	}
	return rejected(detail)
}

var plainRecipient = regexp.MustCompile(`^[A-Za-z0-9_./:@+= -]+$`)

// showRecipient gives a recipient for a message, the middle of a long one left out.
func showRecipient(recipient string) string {
	if !plainRecipient.MatchString(recipient) {
		recipient = strconv.Quote(recipient)
	}
	if len(recipient) > 200 {
		return recipient[:30] + "..." + recipient[len(recipient)-30:]
	}
	return recipient
}

// plainCode is what a code of a service's list looks like; anything else could be
// text.
var plainCode = regexp.MustCompile(`^[A-Za-z]{1,64}$`)

func showCode(code string) string {
	if plainCode.MatchString(code) {
		return code
	}
	return "a code of an unusual form"
}

// classOf is the class of a failure, nil for no error.
func classOf(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.class
	}
	return nil
}
