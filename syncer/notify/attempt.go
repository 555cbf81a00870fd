// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// maxAnswerBytes is how much of an answer is read, and thrown away, so that its
	// connection can be used again.
	maxAnswerBytes = 64 << 10
	// longestWait is how long a target may ask to be left alone.
	longestWait = 10 * time.Minute
)

// newClient makes a client that follows no redirect: the token would go along.
func newClient(caCert string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: maxAnswerBytes, ForceAttemptHTTP2: true,
	}
	if caCert != "" {
		pem, err := os.ReadFile(caCert)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities for notifications: %w", err)
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading the authorities for notifications: %s holds no certificate in PEM", caCert)
		}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// attempt sends an event once. What another attempt cannot mend is a
// backoff.PermanentError.
func (t *target) attempt(ctx context.Context, e Event, id string) error {
	ctx, cancel := context.WithTimeout(ctx, t.retry.attempt)
	defer cancel()
	request, err := t.message(ctx, e, id)
	if err != nil {
		return backoff.Permanent(err)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return transportError(err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswerBytes) // the status says it all
	return checkStatus(response.StatusCode, response.Header.Get("Retry-After"))
}

// checkStatus turns an answer's status into what to do: nothing, try again, or give up.
func checkStatus(status int, retryAfter string) error {
	err := fmt.Errorf("it answered %d%s", status, advice(status))
	switch seconds, noNumber := strconv.Atoi(retryAfter); {
	case status >= 200 && status < 300:
		return nil
	// GitHub says 403 as well to those who come too often.
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
		return ", a redirect, which is not followed because it could lead the credential elsewhere; configure the final URL"
	case status == 401, status == 403:
		return ": it does not take the credential, or that may not set statuses here"
	case status == 404:
		return ": it knows no such repository or commit, or does not show it to this credential"
	case status == 400, status == 422:
		return ": it knows no such commit, or takes no such status"
	}
	return ""
}

// transportError says why there was no answer. It leaves out the URL, whose path may be a
// credential, and what a server wrote in place of HTTP, which may repeat one.
func transportError(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		if u.Timeout() {
			return errors.New("no answer in time")
		}
		err = u.Err
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("no answer: %w", network)
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("its certificate is not trusted: %w", certificate.Err)
	}
	return errors.New("no answer that is HTTP")
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
