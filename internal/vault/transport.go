// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/vault/api"
)

// maxAnswerBytes bounds what is read of one answer. The metadata of an entry
// with thousands of versions, or a listing of 50,000 names, stays far below.
const maxAnswerBytes = 16 << 20

func newHTTPClient(tlsConfig *tls.Config, concurrency int, userAgent string) *http.Client {
	return &http.Client{
		Transport: &boundedTransport{
			userAgent: userAgent,
			next: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
				TLSClientConfig:       tlsConfig,
				TLSHandshakeTimeout:   10 * time.Second,
				ForceAttemptHTTP2:     true,
				MaxIdleConns:          concurrency,
				MaxIdleConnsPerHost:   concurrency,
				MaxConnsPerHost:       concurrency,
				IdleConnTimeout:       90 * time.Second,
				ExpectContinueTimeout: time.Second,
			},
		},
		// The api library follows one redirect itself (a standby's, to the active
		// node) and refuses to go from https to http.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// boundedTransport names us to Vault, limits what an answer can make us hold,
// and keeps net/http from repeating a request on its own.
type boundedTransport struct {
	userAgent string
	next      http.RoundTripper
}

func (t *boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if t.userAgent != "" {
		r.Header.Set("User-Agent", t.userAgent)
	}
	// Without GetBody net/http cannot send a body again when a kept connection
	// turns out to be dead: that would be a retry behind our back.
	r.GetBody = nil
	resp, err := t.next.RoundTrip(r)
	if resp != nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswerBytes}
	}
	return resp, err
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is larger than %d bytes", maxAnswerBytes)
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}

// maxRetryAfter is the longest Retry-After that a request is repeated for.
const maxRetryAfter = 5 * time.Second

type onceKey struct{}

// once marks the requests that are the caller's to repeat.
func once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// retryPolicy repeats reads and idempotent writes as Vault's own clients do
// (5xx, 429, 412, a broken connection), and a marked request only on 429, which
// Vault answers before it runs anything. A Retry-After is waited for, but one that
// is far away is the caller's to wait for: it has more to do than this request.
func retryPolicy(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if resp != nil && retryablehttp.DefaultBackoff(0, 0, 0, resp) > maxRetryAfter {
		return false, nil
	}
	if ctx.Value(onceKey{}) != nil {
		return err == nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests, nil
	}
	return api.DefaultRetryPolicy(ctx, resp, err)
}
