// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

const (
	// remoteTimeout bounds the opening of one entry, login and retries included.
	remoteTimeout = 15 * time.Second
	// maxAnswerBytes is far more than an answer with a data key or a login's token.
	maxAnswerBytes = 256 << 10
)

// newHTTPClient makes a client that trusts the authorities in the PEM file besides
// the system's, or them alone; the system's if there is no file.
func newHTTPClient(caCert string, alone bool) (*http.Client, error) {
	return httpclient.New(httpclient.Settings{
		CACert: caCert, SystemCAs: !alone,
		Timeout: remoteTimeout, HeaderTimeout: remoteTimeout, MaxResponseBytes: maxAnswerBytes,
	})
}

// post sends a JSON request and reads a JSON answer. Errors are failures.
func post(ctx context.Context, client *http.Client, url string, header http.Header, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return damaged("it cannot be sent")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return rejected("its address is no URL")
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return unavailable(networkDetail(err))
	}
	defer func() { _ = response.Body.Close() }() // read only
	if response.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, response.Body) // so that the connection is used again
		return ofStatus("", response.StatusCode)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return unavailable("its answer cannot be read")
	}
	return nil
}

// networkDetail tells what kind of error kept a request from its answer, without
// the error's text, which holds URLs.
func networkDetail(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted; set ca_cert"
	}
	return "no connection"
}

// login is made at first use, and again after forget.
type login[T any] struct {
	mu    sync.Mutex
	made  *T
	build func(context.Context) (T, error)
}

func (l *login[T]) get(ctx context.Context) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made != nil {
		return *l.made, nil
	}
	made, err := l.build(ctx)
	if err == nil {
		l.made = &made
	}
	return made, err
}

func (l *login[T]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made = nil
}
