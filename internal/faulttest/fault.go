// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package faulttest

import (
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// Fault is what a server before Vault does to one request, or to that and all later ones.
type Fault struct {
	Name string
	// Lies: the answer looks like Vault's, and states what is not true.
	Lies bool
	// Onward: all later requests have the fault, too.
	Onward bool

	action vaulttest.Action
	at     int
}

// Hook is for vaulttest.Proxy.
func (f Fault) Hook(n int, _ *http.Request) vaulttest.Action {
	if n == f.at || f.Onward && n > f.at {
		return f.action
	}
	return vaulttest.Action{}
}

// At is the fault at the k-th request, counted from 1.
func (f Fault) At(k int) Fault {
	f.at = k
	return f
}

// Faults are all faults.
func Faults() []Fault {
	const before, after = vaulttest.Before, vaulttest.After
	once := func(name string, action vaulttest.Action) Fault { return Fault{Name: name, action: action} }
	onward := func(name string, action vaulttest.Action) Fault {
		return Fault{Name: name, action: action, Onward: true}
	}
	return []Fault{
		once("cut before", vaulttest.CutAt(before)),
		once("cut after", vaulttest.CutAt(after)),
		once("truncated", vaulttest.TruncateAnswer()),
		once("delayed", vaulttest.Delay(300*time.Millisecond)),
		once("a page with 200 before", vaulttest.ReplyHTML(before, http.StatusOK)),
		once("a page with 200 after", vaulttest.GarbleAnswer()),
		once("a page with 502 after", vaulttest.ReplyHTML(after, http.StatusBadGateway)),
		once("a page with 504 after", vaulttest.ReplyHTML(after, http.StatusGatewayTimeout)),
		once("a page with 404", vaulttest.ReplyHTML(before, http.StatusNotFound)),
		once("an empty object before", answer(before, http.StatusOK, `{}`, nil)),
		once("an empty object after", answer(after, http.StatusOK, `{}`, nil)),
		once("a redirect", answer(before, http.StatusTemporaryRedirect, "", http.Header{"Location": {"http://127.0.0.1:1/v1/elsewhere"}})),
		once("403", vaulttest.FailWith(http.StatusForbidden)),
		{Name: "404", action: answer(before, http.StatusNotFound, `{"errors":[]}`, nil), Lies: true},
		once("412", vaulttest.FailWith(http.StatusPreconditionFailed)), // an eventually consistent standby
		once("429", vaulttest.FailWith(http.StatusTooManyRequests)),
		once("429, retry after 1 s", answer(before, http.StatusTooManyRequests, `{"errors":["rate limit"]}`, http.Header{"Retry-After": {"1"}})),
		once("429, retry after 1 min", answer(before, http.StatusTooManyRequests, `{"errors":["rate limit"]}`, http.Header{"Retry-After": {"60"}})),
		once("473", vaulttest.FailWith(473)), // a performance standby
		once("500", vaulttest.FailWith(http.StatusInternalServerError)),
		once("503", vaulttest.FailWith(http.StatusServiceUnavailable)),
		onward("cut before, from then on", vaulttest.CutAt(before)),
		onward("cut after, from then on", vaulttest.CutAt(after)),
		onward("a page with 200 after, from then on", vaulttest.GarbleAnswer()),
		onward("403, from then on", vaulttest.FailWith(http.StatusForbidden)),
	}
}

func answer(m vaulttest.Moment, status int, body string, header http.Header) vaulttest.Action {
	full := http.Header{"Content-Type": {"application/json"}}
	for name, values := range header {
		full[name] = values
	}
	return vaulttest.ReplyAt(m, vaulttest.Reply{Status: status, Header: full, Body: body})
}
