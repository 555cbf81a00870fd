// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

const (
	// maxAnswerBytes is how much of an answer is read, and thrown away, so that its
	// connection can be used again.
	maxAnswerBytes = 64 << 10
	// longestWait limits the Retry-After of a target.
	longestWait = 10 * time.Minute
)

// newClient makes a client that returns a redirect as a response: the token would go
// along.
func newClient(caCert, proxy string) (*http.Client, error) {
	return httpclient.New(httpclient.Settings{CACert: caCert, Proxy: proxy, MaxResponseBytes: maxAnswerBytes})
}

// attempt sends a message once. The error is a backoff.PermanentError if a retry
// cannot succeed.
func (t *target) attempt(ctx context.Context, n notice, id string) error {
	ctx, cancel := context.WithTimeout(ctx, t.retry.attempt)
	defer cancel()
	request, err := t.message(ctx, n, id)
	if err != nil {
		return backoff.Permanent(err)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return httpclient.TransportError(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // only the status counts
	if t.kind == "gitlab" && n.state() == waiting && response.StatusCode == http.StatusBadRequest {
		return nil // GitLab rejects the state pending for a status that has it (gitlab-foss issue 25807)
	}
	return checkStatus(response.StatusCode, response.Header.Get("Retry-After"))
}

// checkStatus returns nil for success, an error to retry, or a permanent error.
func checkStatus(status int, retryAfter string) error {
	err := fmt.Errorf("the server answered %d%s", status, advice(status))
	switch seconds, noNumber := strconv.Atoi(retryAfter); {
	case status >= 200 && status < 300:
		return nil
	// GitHub also answers 403 above its rate limit.
	case noNumber == nil && seconds >= 0 && (status == 403 || status == 429 || status == 503):
		return fmt.Errorf("%w (%w)", err, backoff.RetryAfter(min(seconds, int(longestWait.Seconds()))))
	case status == 408, status == 429, status >= 500:
		return err
	}
	return backoff.Permanent(err)
}

func advice(status int) string {
	switch {
	case status >= 300 && status < 400:
		return ": redirects are not followed, because they could send the credential to another host; configure the final URL"
	case status == 401, status == 403:
		return ": authentication failed, or permission denied to set statuses; check the credential and its scopes"
	case status == 404:
		return ": repository or commit not found, or not visible to this credential"
	case status == 400, status == 422:
		return ": commit not found, or invalid status"
	}
	return ""
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
