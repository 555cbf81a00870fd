// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

// errorView is an error as a page shows it: what happened, and what to do.
type errorView struct {
	Status int
	Title  string
	// Text is one or more sentences.
	Text string
	// Policy are lines of a Vault policy to add, one below the other; empty for none.
	Policy string
	// Detail is the text of the error, for who looks after Vault; empty for nothing new.
	Detail string
	// Back is where to go on, with its label; empty for the list of workflows.
	Back, BackLabel string
	// Ended means that the session has ended.
	Ended bool
}

// errNotFound: no such page, or no such thing on it.
var errNotFound = errors.New("not found")

var (
	// errBusy: too many forms are being read.
	errBusy = errors.New("too many forms at once")
	// errNoDaemon: what a page is about is only known to the daemon.
	errNoDaemon = errors.New("the daemon does not answer")
	// errNothingPending: the plan was applied or approved, or changed, meanwhile.
	errNothingPending = errors.New("nothing is pending approval")
	// errPlanChanged: the plan is not the one that the page showed.
	errPlanChanged = errors.New("the plan has changed")
)

// missingApprovalError is the line of policy that an approver needs.
type missingApprovalError struct{ line string }

// missingRightError are the lines of policy that a change needs.
type missingRightError struct{ lines string }

func (e *missingRightError) Error() string { return "missing capability: " + e.lines }

func (e *missingApprovalError) Error() string { return "missing capability to approve: " + e.line }

// viewOf decides how an error is shown. Pure.
func viewOf(err error) errorView {
	if p, known := viewOfChange(err); known {
		return p
	}
	if p, known := viewOfPlan(err); known {
		return p
	}
	if p, known := viewOfVault(err); known {
		return p
	}
	switch {
	case errors.Is(err, errNotFound):
		return errorView{Status: http.StatusNotFound, Title: "Not found", Text: "Nothing is here: the address may be mistyped, or what it names was never created."}
	case errors.Is(err, form.ErrTooLarge):
		return errorView{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Text: "The form is larger than this page accepts, so nothing was written.", Detail: err.Error()}
	case errors.Is(err, form.ErrMalformed):
		return errorView{Status: http.StatusBadRequest, Title: "Invalid form", Text: "The request does not come from a form of this page, or it was cut off. Nothing was written. Load the page again."}
	case errors.Is(err, errBusy):
		return errorView{Status: http.StatusServiceUnavailable, Title: "Busy", Text: "Too many values are being written right now. Nothing was written. Try again in some seconds."}
	case errors.Is(err, secrets.ErrInvalid):
		return errorView{Status: http.StatusUnprocessableEntity, Title: "Invalid input", Text: "Nothing was written.", Detail: err.Error()}
	}
	return errorView{Status: http.StatusInternalServerError, Title: "Error", Text: "Something failed that this page does not expect. Its log has more.", Detail: err.Error()}
}

// viewOfChange is about a secret that was to be changed.
func viewOfChange(err error) (errorView, bool) {
	missing, isMissing := errors.AsType[*secrets.MissingCapabilityError](err)
	right, isRight := errors.AsType[*missingRightError](err)
	other, isOther := errors.AsType[*secrets.NotOwnerError](err)
	switch {
	// What was done comes first: the cause of these can be one of those below.
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		return errorView{Status: http.StatusBadGateway, Title: "Outcome unknown",
			Text: "Vault's answer was lost, so the change may or may not have happened. Look at the secret: if it has a new version of this minute, the change happened. Otherwise enter it again."}, true
	case errors.Is(err, secrets.ErrNoRecord):
		return errorView{Status: http.StatusBadGateway, Title: "Changed without its record",
			Text: "The change was made, but the record of who made it could not be written, so the secret can show as unmanaged. Repeat the change once the cause below is fixed.", Detail: err.Error()}, true
	case errors.Is(err, syncer.ErrNotRecorded):
		return errorView{Status: http.StatusServiceUnavailable, Title: "Not recorded", Text: "The audit file of this page cannot be written, so nothing was changed. Ask who runs the page to look at its log.", Detail: err.Error()}, true
	case isMissing:
		return errorView{Status: http.StatusForbidden, Title: "Missing permission",
			Text: "Your Vault policies do not permit this. Ask an administrator of Vault to add:", Policy: strings.Join(missing.Rules, "\n")}, true
	case isRight:
		return errorView{Status: http.StatusForbidden, Title: "Missing permission",
			Text: "Your Vault policies do not permit this. Ask an administrator of Vault to add:", Policy: right.lines}, true
	case errors.Is(err, secrets.ErrConflict):
		return errorView{Status: http.StatusConflict, Title: "Changed in the meantime",
			Text: "It was changed since you opened this form: by another person, by a program, or by you in another tab. Nothing was written. Look at what it is now, and decide again.", Detail: strings.TrimSuffix(err.Error(), "; plan again")}, true
	case isOther && other.Owner != secrets.NoOwner:
		return errorView{Status: http.StatusConflict, Title: "Owned by another",
			Text: "This is owned by " + render.Owner(other.Owner) + ". Nothing was written. To take it over, open it, choose Replace, and enter a reason."}, true
	case errors.Is(err, secrets.ErrNotOwner):
		return errorView{Status: http.StatusConflict, Title: "Unmanaged",
			Text: "This exists already, and no record shows who wrote it. Nothing was written. To take it over, open it, choose Replace, and enter a reason.", Detail: err.Error()}, true
	case errors.Is(err, secrets.ErrNotDeleted):
		return errorView{Status: http.StatusConflict, Title: "Cannot be undeleted", Text: "Nothing was changed.", Detail: err.Error()}, true
	case errors.Is(err, secrets.ErrTidying):
		return errorView{Status: http.StatusConflict, Title: "Being tidied", Text: "A program is removing what is left of this name. Nothing was written. Try again in 20 minutes.", Detail: err.Error()}, true
	case errors.Is(err, syncer.ErrResultNotRecorded):
		return errorView{Status: http.StatusInternalServerError, Title: "Changed, and not recorded",
			Text: "The change was made, but its result could not be written to the audit file of this page. Do not repeat the change. Ask who runs the page to look at its log.", Detail: err.Error()}, true
	case errors.Is(err, person.ErrNoEntity), errors.Is(err, person.ErrNotMember), errors.Is(err, person.ErrBatchToken):
		return errorView{Status: http.StatusForbidden, Title: "Missing permission", Text: "Nothing was written.", Detail: err.Error()}, true
	}
	return errorView{}, false
}

// viewOfPlan is about the daemon and its plans.
func viewOfPlan(err error) (errorView, bool) {
	const sources, label = "/sources", "Sources"
	missing, isMissing := errors.AsType[*missingApprovalError](err)
	switch {
	case isMissing:
		return errorView{Status: http.StatusForbidden, Title: "Missing permission", Back: sources, BackLabel: label,
			Text: "Your Vault policies do not permit you to approve plans of this source. Ask an administrator of Vault to add:", Policy: missing.line}, true
	case errors.Is(err, errNoDaemon):
		return errorView{Status: http.StatusBadGateway, Title: "No answer", Text: "The daemon does not answer. Ask who runs this page.", Back: sources, BackLabel: label}, true
	case errors.Is(err, errNothingPending):
		return errorView{Status: http.StatusConflict, Title: "Nothing is pending", Text: "No plan of this source waits for approval any more. It may have been approved, or a new commit or a change in Vault may have made it unnecessary.", Back: sources, BackLabel: label}, true
	case errors.Is(err, errPlanChanged):
		return errorView{Status: http.StatusConflict, Title: "The plan has changed", Text: "The source has another plan now than the one that your page showed. Nothing was approved. Read the new plan.", Back: sources, BackLabel: label}, true
	case errors.Is(err, plan.ErrDocument):
		return errorView{Status: http.StatusBadGateway, Title: "Unknown plan", Text: "The daemon's plan is not one that this page can show, so it cannot be approved here. Use the same version of relay-sync for both.", Detail: err.Error(), Back: sources, BackLabel: label}, true
	}
	return errorView{}, false
}

// viewOfVault is about Vault, or about the token.
func viewOfVault(err error) (errorView, bool) {
	failed, isVault := errors.AsType[*kv.Error](err)
	switch {
	case errors.Is(err, secrets.ErrTokenRejected), errors.Is(err, kv.ErrInvalidToken):
		return errorView{Status: http.StatusUnauthorized, Title: "Session ended", Text: "Vault does not accept your token any more. Nothing was changed. Log in again.", Ended: true}, true
	case errors.Is(err, kv.ErrSealed):
		return errorView{Status: http.StatusServiceUnavailable, Title: "Vault is sealed", Text: "Nothing was changed. Ask an administrator of Vault to unseal it, and load this page again."}, true
	case errors.Is(err, kv.ErrRateLimited):
		return errorView{Status: http.StatusServiceUnavailable, Title: "Vault is busy", Text: "Vault's rate limit is exceeded. Nothing was changed. Try again in some seconds."}, true
	case errors.Is(err, kv.ErrNoMount):
		return errorView{Status: http.StatusBadGateway, Title: "No secrets engine", Text: "Vault has no KV version 2 secrets engine where this page is configured to look. Ask who runs the page.", Detail: err.Error()}, true
	case errors.Is(err, kv.ErrPermissionDenied), errors.Is(err, secrets.ErrMissingCapability): // of a list
		return errorView{Status: http.StatusForbidden, Title: "Missing permission", Text: "Your Vault policies do not permit this.", Detail: err.Error()}, true
	case isVault && failed.Temporary(), errors.Is(err, context.DeadlineExceeded):
		return errorView{Status: http.StatusBadGateway, Title: "Vault is unavailable", Text: "This page cannot reach Vault. Try again, or ask who looks after Vault.", Detail: err.Error()}, true
	case errors.Is(err, kv.ErrLoginFailed), isVault:
		return errorView{Status: http.StatusBadGateway, Title: "Unexpected answer of Vault", Text: "Ask who runs this page to look at its log, and at the log of Vault.", Detail: err.Error()}, true
	}
	return errorView{}, false
}

// fail shows an error.
func (v *visit) fail(err error) { v.failAt(err, "", "") }

// failAt shows an error, and where to go on unless the error has that itself.
func (v *visit) failAt(err error, back, label string) {
	if v.r.Context().Err() != nil {
		return // the browser is gone
	}
	p := viewOf(err)
	if p.Back == "" {
		p.Back, p.BackLabel = back, label
	}
	if p.Status >= http.StatusInternalServerError {
		v.log.Error("page failed", "method", v.r.Method, "path", v.r.URL.Path, "status", p.Status, "err", err)
	}
	if p.Ended {
		v.end()
		v.login = login{}
	}
	v.showProblem(v.w, v.r, v, p)
}

// notFound is the page for an unknown path.
func (v *visit) notFound() error { return errNotFound }
