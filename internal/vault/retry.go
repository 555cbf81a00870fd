// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// maxResponseBytes bounds one response. The metadata of an entry with thousands of
// versions, or a listing of 50,000 names, stays far below.
const maxResponseBytes = 16 << 20

// maxRetryAfter is the longest Retry-After that a request is repeated for.
const maxRetryAfter = 5 * time.Second

type onceKey struct{}

// once marks requests that only the caller repeats.
func once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// retryPolicy repeats reads and idempotent writes as Vault's own clients do (5xx, 429,
// 412, a lost connection), and a marked request only after a 429, which Vault sends
// before it executes a request. It does not wait for a distant Retry-After: the caller
// can do other work meanwhile.
func retryPolicy(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if _, redirected := errors.AsType[*httpclient.RedirectError](err); redirected {
		return false, nil
	}
	if resp != nil && retryablehttp.DefaultBackoff(0, 0, 0, resp) > maxRetryAfter {
		return false, nil
	}
	if ctx.Value(onceKey{}) != nil {
		return err == nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests, nil
	}
	return api.DefaultRetryPolicy(ctx, resp, err)
}
