// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"errors"
	"strconv"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// The causes why an entry was not decrypted. Only ErrUnavailable is worth a retry.
var (
	// ErrNoAvailableKey is an entry for a key that is not configured.
	ErrNoAvailableKey = errors.New("no key is available for this recipient")
	// ErrUnavailable is a key server or a credential file that is unavailable.
	ErrUnavailable = errors.New("the key server is unavailable")
	// ErrRejected is a request that the key server rejected, such as for a missing
	// permission.
	ErrRejected = errors.New("the key server rejected the request")
	// ErrDamaged is an entry that its key does not decrypt.
	ErrDamaged = errors.New("the entry cannot be decrypted with its key: it is damaged, or encrypted for another key")
)

// Error is a configured key that did not decrypt an entry. Of the server's response it
// contains only a status and an error code.
type Error struct {
	// Recipient is the key, as in Keys.Available.
	Recipient string
	// Class is ErrUnavailable, ErrRejected or ErrDamaged.
	Class error
	// Detail has more information, without texts of the server; it can be empty.
	Detail string
}

func (e *Error) Error() string {
	text := showRecipient(e.Recipient) + ": " + e.Class.Error()
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap returns the class.
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

// named makes an Error of the error of a kind. The text of any error but a failure is
// dropped, because it can contain anything.
func named(w Wrapped, err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return &Error{Recipient: w.Recipient(), Class: f.class, Detail: f.detail}
	}
	return &Error{Recipient: w.Recipient(), Class: ErrUnavailable}
}

// ofStatus returns the failure for the status of an HTTP response.
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
		return rejected(detail + ": key not found at this address, or not visible with these credentials")
	}
	return rejected(detail)
}

var plainRecipient = lazyregexp.New(`^[A-Za-z0-9_./:@+= -]+$`)

// showRecipient returns a recipient for a message, and shortens a long one in the middle.
func showRecipient(recipient string) string {
	if !plainRecipient.MatchString(recipient) {
		return foreign.Quote(recipient)
	}
	if len(recipient) > 200 {
		return recipient[:30] + "..." + recipient[len(recipient)-30:]
	}
	return recipient
}

// plainCode is the form of an error code of a service; anything else could be text.
var plainCode = lazyregexp.New(`^[A-Za-z]{1,64}$`)

func showCode(code string) string {
	if plainCode.MatchString(code) {
		return code
	}
	return "unknown error code"
}

// classOf returns the class of a failure, nil for any other error.
func classOf(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.class
	}
	return nil
}
