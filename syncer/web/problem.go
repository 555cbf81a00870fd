// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/cause"
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

// missingRightError are the lines of policy that a person needs to make a change, or to approve
// plans of a source.
type missingRightError struct {
	lines   string
	approve bool
}

func (e *missingRightError) Error() string { return "missing capability: " + e.lines }

// viewOf decides how an error is shown. Pure.
func viewOf(err error) errorView {
	if p, known := viewOfRight(err); known {
		return p
	}
	if p, known := viewOfPlan(err); known {
		return p
	}
	if p, known := viewOfForm(err); known {
		return p
	}
	of := cause.Of(err)
	p, known := viewOfChange(of, err)
	if !known {
		p = viewOfVault(of, err)
	}
	p.Status = of.Status()
	return p
}

// viewOfRight is about a right that the page itself found missing.
func viewOfRight(err error) (errorView, bool) {
	right, is := errors.AsType[*missingRightError](err)
	if !is {
		return errorView{}, false
	}
	out := errorView{Status: cause.MissingCapability.Status(), Title: "Missing permission", Text: askForPolicy, Policy: right.lines}
	if right.approve {
		out.Text = "Your Vault policies do not permit you to approve plans of this source. Ask an administrator of Vault to add:"
		out.Back, out.BackLabel = "/sources", "Sources"
	}
	return out, true
}

const askForPolicy = "Your Vault policies do not permit this. Ask an administrator of Vault to add:"

// viewOfForm is about a request that is not one of this page, or that it cannot read.
func viewOfForm(err error) (errorView, bool) {
	switch {
	case errors.Is(err, errNotFound):
		return errorView{Status: http.StatusNotFound, Title: "Not found", Text: "Nothing is here: the address may be mistyped, or what it names was never created."}, true
	case errors.Is(err, form.ErrTooLarge):
		return errorView{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Text: "The form is larger than this page accepts, so nothing was written.", Detail: err.Error()}, true
	case errors.Is(err, form.ErrMalformed):
		return errorView{Status: http.StatusBadRequest, Title: "Invalid form", Text: "The request does not come from a form of this page, or it was cut off. Nothing was written. Load the page again."}, true
	case errors.Is(err, errBusy):
		return errorView{Status: cause.RateLimited.Status(), Title: "Busy", Text: "Too many values are being written right now. Nothing was written. Try again in some seconds."}, true
	}
	return errorView{}, false
}

// viewOfChange is about a secret that was to be changed. It has no status.
func viewOfChange(of cause.Cause, err error) (errorView, bool) {
	switch of {
	case cause.OutcomeUnknown:
		return errorView{Title: "Outcome unknown",
			Text: "Vault's answer was lost, so the change may or may not have happened. Look at the secret: if it has a new version of this minute, the change happened. Otherwise enter it again."}, true
	case cause.NoRecord:
		return errorView{Title: "Changed without its record",
			Text: "The change was made, but the record of who made it could not be written, so the secret can show as unmanaged. Repeat the change once the cause below is fixed.", Detail: err.Error()}, true
	case cause.NotRecorded:
		return errorView{Title: "Not recorded", Text: "The audit file of this page cannot be written, so nothing was changed. Ask who runs the page to look at its log.", Detail: err.Error()}, true
	case cause.Conflict:
		return errorView{Title: "Changed in the meantime",
			Text: "It was changed since you opened this form: by another person, by a program, or by you in another tab. Nothing was written. Look at what it is now, and decide again.", Detail: strings.TrimSuffix(err.Error(), "; plan again")}, true
	case cause.NotOwner:
		return viewOfOwner(err), true
	case cause.NotDeleted:
		return errorView{Title: "Cannot be undeleted", Text: "Nothing was changed.", Detail: err.Error()}, true
	case cause.Tidying:
		return errorView{Title: "Being tidied", Text: "A program is removing what is left of this name. Nothing was written. Try again in 20 minutes.", Detail: err.Error()}, true
	case cause.ResultNotRecorded:
		return errorView{Title: "Changed, and not recorded",
			Text: "The change was made, but its result could not be written to the audit file of this page. Do not repeat the change. Ask who runs the page to look at its log.", Detail: err.Error()}, true
	case cause.NotPermitted:
		return errorView{Title: "Missing permission", Text: "Nothing was written.", Detail: err.Error()}, true
	case cause.Invalid:
		return errorView{Title: "Invalid input", Text: "Nothing was written.", Detail: err.Error()}, true
	default: // of viewOfVault
		return errorView{}, false
	}
}

// viewOfOwner is about a secret that is unmanaged, or of another owner.
func viewOfOwner(err error) errorView {
	if other, is := errors.AsType[*secrets.NotOwnerError](err); is && other.Owner != secrets.NoOwner {
		return errorView{Title: "Owned by another",
			Text: "This is owned by " + render.Owner(other.Owner) + ". Nothing was written. To take it over, open it, choose Replace, and enter a reason."}
	}
	return errorView{Title: "Unmanaged",
		Text: "This exists already, and no record shows who wrote it. Nothing was written. To take it over, open it, choose Replace, and enter a reason.", Detail: err.Error()}
}

// viewOfPlan is about the daemon and its plans.
func viewOfPlan(err error) (errorView, bool) {
	const sources, label = "/sources", "Sources"
	switch {
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

// viewOfVault is about Vault, or about the token, or unknown. It has no status.
func viewOfVault(of cause.Cause, err error) errorView {
	switch of {
	case cause.TokenRejected:
		return errorView{Title: "Session ended", Text: "Vault does not accept your token any more. Nothing was changed. Log in again.", Ended: true}
	case cause.MissingCapability:
		if missing, is := errors.AsType[*secrets.MissingCapabilityError](err); is {
			return errorView{Title: "Missing permission", Text: askForPolicy, Policy: strings.Join(missing.Rules, "\n")}
		}
		return errorView{Title: "Missing permission", Text: "Your Vault policies do not permit this.", Detail: err.Error()} // of a list
	case cause.Sealed:
		return errorView{Title: "Vault is sealed", Text: "Nothing was changed. Ask an administrator of Vault to unseal it, and load this page again."}
	case cause.RateLimited:
		return errorView{Title: "Vault is busy", Text: "Vault's rate limit is exceeded. Nothing was changed. Try again in some seconds."}
	case cause.NoMount:
		return errorView{Title: "No secrets engine", Text: "Vault has no KV version 2 secrets engine where this page is configured to look. Ask who runs the page.", Detail: err.Error()}
	case cause.Unavailable:
		return errorView{Title: "Vault is unavailable", Text: "This page cannot reach Vault. Try again, or ask who looks after Vault.", Detail: err.Error()}
	case cause.VaultAnswer:
		return errorView{Title: "Unexpected answer of Vault", Text: "Ask who runs this page to look at its log, and at the log of Vault.", Detail: err.Error()}
	default:
		return errorView{Title: "Error", Text: "Something failed that this page does not expect. Its log has more.", Detail: err.Error()}
	}
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
