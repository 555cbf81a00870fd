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
	// maxAnswerBytes is larger than any response with a data key or a login token.
	maxAnswerBytes = 256 << 10
)

// metadataServices give the identity of a workload, on its own machine only: those of all
// clouds by IPv4, those of AWS (instances, EKS pods) and of Google by IPv6, and by name.
const metadataServices = "169.254.0.0/16,fd00:ec2::/32,fd20:ce::254,metadata.google.internal"

// newHTTPClient makes a client that trusts the authorities in the PEM file besides
// the system's, or them alone; the system's if there is no file. An empty proxy means none.
func newHTTPClient(caCert string, alone bool, proxy string) (*http.Client, error) {
	return httpclient.New(httpclient.Settings{
		CACert: caCert, SystemCAs: !alone, Proxy: proxy, NoProxy: metadataServices,
		Timeout: remoteTimeout, HeaderTimeout: remoteTimeout, MaxResponseBytes: maxAnswerBytes,
	})
}

// post sends a JSON request and reads a JSON answer. Errors are failures.
func post(ctx context.Context, client *http.Client, url string, header http.Header, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return damaged("it cannot be encoded as JSON")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return rejected("invalid URL")
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
		return unavailable("invalid response")
	}
	return nil
}

// networkDetail returns the kind of a network error, without the text of the error,
// which contains URLs.
func networkDetail(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "timed out"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate of the server is not trusted; set ca_cert"
	}
	return "connection failed"
}

// login is built at the first use, and again after forget.
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
