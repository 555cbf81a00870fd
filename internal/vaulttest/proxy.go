// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Request is a request of a client through a Proxy.
type Request struct {
	Method string // LIST may also arrive as GET with the query list=true
	Path   string // decoded, with "/v1/"
	Query  url.Values
	Body   []byte
	CAS    bool // a write of data with options.cas
	Status int  // Vault's response; 0 if the request did not reach it
}

// Proxy forwards requests of a client to Vault, records them, and makes them fail on
// demand.
type Proxy struct {
	Address string // http://127.0.0.1:PORT, for the client

	forward *httputil.ReverseProxy

	clock clock

	mu       sync.Mutex
	requests []*Request
	planned  map[int]Action
	hook     func(n int, r *http.Request) Action
}

// NewProxy starts a Proxy in front of targets, addresses such as Vault.Address, which it
// uses in turn. It stops at the end of the test.
func NewProxy(t testing.TB, targets ...string) *Proxy {
	t.Helper()
	urls := make([]*url.URL, len(targets))
	for i, target := range targets {
		var err error
		if urls[i], err = url.Parse(target); err != nil {
			t.Fatalf("parse the proxy's target: %v", err)
		}
	}
	p := &Proxy{planned: map[int]Action{}}
	var next atomic.Uint32
	p.forward = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(urls[int(next.Add(1))%len(urls)]) },
		ModifyResponse: p.clock.shiftAnswer,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, err.Error())
		},
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Address = server.URL
	return p
}

// Cut drops the connection at the k-th request from now on, counted from 1.
func (p *Proxy) Cut(k int, m Moment) { p.plan(k, CutAt(m)) }

// Fail responds to the k-th request from now on, counted from 1, with a status.
func (p *Proxy) Fail(k, status int) { p.plan(k, FailWith(status)) }

func (p *Proxy) plan(k int, a Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planned[len(p.requests)+k] = a
}

// Hook lets f decide on every request without a planned Cut or Fail. n counts from 1
// since the last Reset; f may read the body. Concurrent requests call f concurrently.
func (p *Proxy) Hook(f func(n int, r *http.Request) Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

// Reset removes all requests, planned faults, and the hook.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.planned, p.hook = nil, map[int]Action{}, nil
}

// Requests returns the requests since the last Reset, in order of arrival.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := make([]Request, len(p.requests))
	for i, r := range p.requests {
		requests[i] = *r
	}
	return requests
}

// ServeHTTP implements http.Handler for the proxy's own server.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client closed the connection
	}
	recorded, action := p.receive(r, body)
	if action.before(w) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	p.forward.ServeHTTP(answer, r)
	p.mu.Lock()
	recorded.Status = answer.Code
	p.mu.Unlock()
	action.after(w, r, answer)
}

// receive records a request and returns the action for it.
func (p *Proxy) receive(r *http.Request, body []byte) (*Request, Action) {
	recorded := &Request{
		Method: r.Method,
		Path:   r.URL.Path,
		Query:  r.URL.Query(),
		Body:   body,
		CAS:    kvOperation(r.URL.Path) == "data" && hasCAS(body),
	}
	p.mu.Lock()
	p.requests = append(p.requests, recorded)
	n := len(p.requests)
	action, planned := p.planned[n]
	hook := p.hook
	p.mu.Unlock()

	if planned || hook == nil {
		return recorded, action
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return recorded, hook(n, r) // unlocked: it may call Requests, or block
}

func hasCAS(body []byte) bool {
	var write struct {
		Options struct {
			CAS *json.Number `json:"cas"`
		} `json:"options"`
	}
	return json.Unmarshal(body, &write) == nil && write.Options.CAS != nil
}

// kvOperation returns the KV v2 operation of a path, or "". It is the first segment with
// the name of an operation after the first segment of the mount; a workflow may have
// such a name, too.
func kvOperation(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	if segments[0] == "sys" || segments[0] == "auth" {
		return ""
	}
	for _, segment := range segments[1:] {
		switch segment {
		case "config", "data", "delete", "destroy", "metadata", "rollback", "subkeys", "undelete":
			return segment
		}
	}
	return ""
}
