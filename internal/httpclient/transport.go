// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"fmt"
	"io"
	"net/http"
)

// transport sends requests through the current transport of net/http, follows
// redirects to listed hosts, and bounds bodies.
type transport struct {
	settings Settings
	inner    *reloader
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.send(r)
	if err != nil || t.settings.RedirectSetting == "" {
		return response, err
	}
	return t.follow(r, response)
}

func (t *transport) send(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if t.settings.UserAgent != "" {
		r.Header.Set("User-Agent", t.settings.UserAgent)
	}
	// Without GetBody, net/http cannot send a body again when a kept connection turns
	// out to be closed. Whether a request is repeated is the caller's decision.
	r.GetBody = nil
	response, err := t.inner.get().RoundTrip(r)
	if err == nil && t.settings.MaxResponseBytes > 0 {
		response.Body = &boundedBody{ReadCloser: response.Body, limit: t.settings.MaxResponseBytes}
	}
	return response, err
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *transport) CloseIdleConnections() { t.inner.get().CloseIdleConnections() }

// boundedBody fails beyond a number of bytes.
type boundedBody struct {
	io.ReadCloser
	limit, read int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.read > b.limit { // some callers read on after an error
		return 0, b.tooLarge()
	}
	// One byte more than the limit distinguishes a body that is too large from one that ends.
	if room := b.limit + 1 - b.read; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if over := b.read - b.limit; over > 0 {
		return n - int(over), b.tooLarge()
	}
	return n, err
}

func (b *boundedBody) tooLarge() error {
	return fmt.Errorf("the response is larger than %d bytes", b.limit)
}
