// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Moment is the time at which a Proxy drops a connection or responds in place of Vault.
type Moment int

// Before loses the request; After loses only the response.
const (
	Before Moment = iota
	After
)

// Action is what a Proxy does with a request; the zero value forwards it.
type Action struct {
	kind   actionKind
	moment Moment
	reply  Reply
	delay  time.Duration
}

type actionKind int

const (
	pass actionKind = iota
	cut
	truncate
	reply
)

// Reply is a response of a Proxy in place of Vault's.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// CutAt drops the connection at that moment.
func CutAt(m Moment) Action { return Action{kind: cut, moment: m} }

// TruncateAnswer forwards the request, and drops the connection in the middle of the response's
// body; of a response without a body, before its header.
func TruncateAnswer() Action { return Action{kind: truncate, moment: After} }

// ReplyAt responds at that moment: Before does not forward the request.
func ReplyAt(m Moment, r Reply) Action { return Action{kind: reply, moment: m, reply: r} }

// FailWith responds with the status and does not forward the request.
func FailWith(status int) Action {
	return ReplyAt(Before, Reply{
		Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"errors":["response of the test proxy"]}`,
	})
}

// ReplyHTML responds at that moment as a gateway does, with a page.
func ReplyHTML(m Moment, status int) Action {
	return ReplyAt(m, Reply{Status: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>the gateway is busy</html>"})
}

// GarbleAnswer forwards the request, and responds with 200 and a text that is not Vault's.
func GarbleAnswer() Action { return ReplyHTML(After, http.StatusOK) }

// Delay forwards the request, and responds later by this time.
func Delay(by time.Duration) Action { return Action{delay: by} }

// before does what comes before the request is forwarded, and reports whether that was all.
func (a Action) before(w http.ResponseWriter) (done bool) {
	if a.kind == pass || a.moment == After {
		return false
	}
	if a.kind == cut {
		panic(http.ErrAbortHandler)
	}
	a.reply.send(w)
	return true
}

// after passes Vault's response on, or does what is in place of it.
func (a Action) after(w http.ResponseWriter, r *http.Request, response *httptest.ResponseRecorder) {
	body := response.Body.Bytes()
	switch {
	case a.kind == cut, a.kind == truncate && len(body) == 0:
		panic(http.ErrAbortHandler)
	case a.kind == reply:
		a.reply.send(w)
		return
	}
	select {
	case <-time.After(a.delay):
	case <-r.Context().Done():
	}
	maps.Copy(w.Header(), response.Header())
	if a.kind == truncate {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(response.Code)
	_, _ = w.Write(body)
}

func (r Reply) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.Header)
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body)
}
