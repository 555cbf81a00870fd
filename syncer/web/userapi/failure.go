// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/cause"
)

// kind is a class of errors: its HTTP status, and its code and title in the envelope.
type kind struct {
	status      int
	code, title string
}

// The kinds of errors.
var (
	malformed        = kind{http.StatusBadRequest, "malformed_request_error", "Malformed request"}
	authentication   = kind{cause.TokenRejected.Status(), "authentication_error", "Authentication failed"}
	authorization    = kind{cause.MissingCapability.Status(), "authorization_error", "Permission denied"}
	notFound         = kind{http.StatusNotFound, "not_found_error", "Not found"}
	methodNotAllowed = kind{http.StatusMethodNotAllowed, "method_not_allowed_error", "Method not allowed"}
	conflict         = kind{cause.Conflict.Status(), "conflict_error", "Conflict"}
	tooLarge         = kind{http.StatusRequestEntityTooLarge, "too_large_error", "Request too large"}
	unknownMedia     = kind{http.StatusUnsupportedMediaType, "unknown_media_type_error", "Unknown media type"}
	invalid          = kind{cause.Invalid.Status(), "invalid_request_error", "Invalid request"}
	invalidField     = kind{cause.Invalid.Status(), "invalid_field_error", "Invalid field"}
	busy             = kind{cause.RateLimited.Status(), "too_many_requests_error", "Too many requests"}
	internal         = kind{cause.Unknown.Status(), "internal_error", "Internal error"}
	outcomeUnknown   = kind{cause.OutcomeUnknown.Status(), "outcome_unknown_error", "Outcome unknown"}
	noRecord         = kind{cause.NoRecord.Status(), "no_record_error", "Written without its record"}
	vaultError       = kind{cause.VaultAnswer.Status(), "vault_error", "Vault error"}
	unavailable      = kind{cause.Unavailable.Status(), "unavailable_error", "Vault is unavailable"}
)

// failure is why a request was not carried out.
type failure struct {
	kind kind
	text string
	// fields are what is wrong with fields of the body, by name.
	fields map[string]string
	// retryAfter is how many seconds the client should wait; empty for nothing.
	retryAfter string
	// allow are the methods that the path has; nil for nothing.
	allow []string
	// cause is the error behind it, for the log; nil for none.
	cause error
}

func (e *failure) Error() string { return e.text }
func (e *failure) Unwrap() error { return e.cause }

func failed(k kind, text string) *failure { return &failure{kind: k, text: text} }

// invalidFields is the error of fields of the body, or of names in the path; nil for none.
func invalidFields(problems map[string]string) error {
	if len(problems) == 0 {
		return nil
	}
	return &failure{kind: invalid, text: "invalid request; nothing was changed", fields: problems}
}

// The hints for errors whose own text has no next step for a client of this API.
const (
	hintLogIn   = "\nHint: log in to Vault, for example with vault login -method=userpass, and use that token: vault print token | relay auth login --stdin"
	hintPage    = "\nHint: only a takeover changes it, on the web page"
	hintAgain   = "\nHint: list the secrets, and send the request again if it is still right"
	hintUnknown = "\nHint: the change may have been made. List the secrets before you send the request again: the version on the web page shows whether it was"
)

// failureOf is an error of this API for any error of the packages below. Pure.
func failureOf(err error) *failure {
	if known, is := errors.AsType[*failure](err); is {
		return known
	}
	of := cause.Of(err)
	out := &failure{kind: kinds[of], text: err.Error(), cause: err}
	if out.kind != outcomeUnknown && out.kind != noRecord {
		out.text = cmp.Or(secrets.SharedCause(err), out.text) // without the address of Vault
	}
	switch {
	case of == cause.NotOwner:
		out.text += hintPage + adoptCommand(err)
	case out.kind == conflict:
		out.text += hintAgain
	case out.kind == authentication:
		out.text += hintLogIn
	case out.kind == outcomeUnknown:
		out.text += hintUnknown
	case of.Later():
		out.retryAfter = "10"
	}
	return out
}

// adoptCommand is the command that takes a secret over, as a part of a hint; "" for a
// connection, for which there is no command.
func adoptCommand(err error) string {
	other, is := errors.AsType[*secrets.NotOwnerError](err)
	if !is || other.Address.Kind != secrets.Secret {
		return ""
	}
	a, flags := other.Address, ""
	if a.Mount != secrets.DefaultMount {
		flags += "--mount " + secrets.QuoteShell(a.Mount) + " "
	}
	if a.Prefix != secrets.DefaultPrefix {
		flags += "--prefix " + secrets.QuoteShell(a.Prefix) + " "
	}
	return ", or with: relay-sync secret set " + flags + secrets.QuoteShell(a.String()) + " --adopt --reason ..."
}

// kinds are those of the causes.
var kinds = map[cause.Cause]kind{
	cause.OutcomeUnknown: outcomeUnknown, cause.NoRecord: noRecord, cause.NotRecorded: internal, cause.ResultNotRecorded: internal,
	cause.Invalid: invalid, cause.Conflict: conflict, cause.NotOwner: conflict, cause.NotDeleted: conflict, cause.Tidying: conflict,
	cause.TokenRejected: authentication, cause.MissingCapability: authorization, cause.NotPermitted: authorization,
	cause.RateLimited: busy, cause.Sealed: unavailable, cause.Unavailable: unavailable, cause.NoMount: vaultError, cause.VaultAnswer: vaultError,
	cause.Unknown: internal,
}
