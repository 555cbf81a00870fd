// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package daemon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// Settings are where the daemon is. One of Socket, Listen and URL is set.
type Settings struct {
	// Socket is the path of the daemon's socket.
	Socket string
	// Listen is the address of its endpoint without a login, which has only the status.
	Listen string
	// URL is the address of its remote_access, or of a proxy before its endpoint.
	URL string
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string
	// TokenFile is a file with the token of remote_access; none if empty. It requires TLS.
	TokenFile string
}

// Client sends requests to a daemon. It is safe for concurrent use.
type Client struct {
	settings Settings
	// base is the URL before the path of a request, at the daemon's address in messages.
	base, at string
	// small is for answers of at most maxStatusBytes, large for those of at most
	// maxInventoryBytes.
	small, large *http.Client
}

const (
	// maxStatusBytes limits an answer.
	maxStatusBytes = 16 << 20
	// maxInventoryBytes limits the inventory: about 200,000 secrets.
	maxInventoryBytes = 64 << 20
	// timeout limits a request with its answer.
	timeout = 30 * time.Second
)

// New makes a client. It sends nothing.
func New(s Settings) (*Client, error) {
	c := &Client{settings: s, base: "http://relay-sync", at: conffile.Display(s.Socket)}
	switch {
	case s.URL != "":
		u, err := httpclient.ParseAddress(s.URL)
		if err == nil && s.TokenFile != "" {
			err = httpclient.RequireTLS(u)
		}
		if err != nil {
			return nil, fmt.Errorf("invalid URL: %w", err)
		}
		c.base, c.at = strings.TrimRight(u.String(), "/"), u.Host
	case s.Listen != "":
		c.base, c.at = "http://"+s.Listen, s.Listen
	}
	transport := httpclient.Settings{Socket: s.Socket, CACert: s.CACert}
	var err error
	for limit, client := range map[int64]**http.Client{maxStatusBytes: &c.small, maxInventoryBytes: &c.large} {
		transport.MaxResponseBytes = limit
		if *client, err = httpclient.New(transport); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Address is the daemon's address for messages.
func (c *Client) Address() string { return c.at }

// send sends a request. The error begins with the address.
func (c *Client) send(ctx context.Context, client *http.Client, method, target string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+target, nil)
	if err != nil {
		return nil, err
	}
	if c.settings.TokenFile != "" {
		token, err := conffile.Token(c.settings.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.at, err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	return response, nil
}

// failed is the error of a request without an answer.
func (c *Client) failed(ctx context.Context, err error) error {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case c.settings.Socket != "" && errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: permission denied. Hint: run the command as the user of the daemon, or set socket_mode", c.at)
	case c.settings.Socket != "" && ctx.Err() != nil:
		return fmt.Errorf("%s: %w", c.at, ctx.Err())
	case untrusted:
		return fmt.Errorf("%s: the certificate is not trusted, expired or for another name. Hint: check the name in the URL, and the certificate authority in ca_cert", c.at)
	case c.settings.URL != "":
		return fmt.Errorf("%s: no answer. Hint: check the URL, and that relay-sync run is running", c.at)
	}
	return fmt.Errorf("%s: no answer. Hint: check that relay-sync run is running", c.at)
}

// get decodes the JSON of an answer. operation begins the error.
func (c *Client) get(ctx context.Context, client *http.Client, operation, target string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := c.send(ctx, client, http.MethodGet, target)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("%s at %s: %w", operation, c.at, errToken)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s at %s: the answer is not from relay-sync", operation, c.at)
	}
	return nil
}

var errToken = errors.New("authentication failed (401). Hint: check that token_file has the token of the daemon's remote_access")

// post sends a request without an answer.
func (c *Client) post(ctx context.Context, target string, query url.Values) (*http.Response, error) {
	return c.send(ctx, c.small, http.MethodPost, target+"?"+query.Encode())
}
