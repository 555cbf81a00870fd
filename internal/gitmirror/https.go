// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

const (
	service     = "git-upload-pack"
	maxRequest  = 16 << 20 // bytes of one request of git's, which is mostly the commits that it has
	handshakes  = 15 * time.Second
	serviceLine = "# service=" + service
)

// https implements git's smart HTTP protocol (gitprotocol-http(5)) for git, so that no other process needs the
// credentials. Every request of protocol 2 is complete by itself, and so is the only one of protocol 0 if git does not
// negotiate.
type https struct {
	client *http.Client
	base   string
	login  string // the Authorization header; empty for none
	// version is that of the protocol in the last advertisement: 2, or 0 for older ones.
	version int
}

func newHTTPS(r Remote, a Access) (*https, error) {
	client, err := httpclient.New(httpclient.Settings{
		CACert: a.CACert, Proxy: a.Proxy, HeaderTimeout: stallTimeout,
		// A redirect could send the credentials, or the trust in what is fetched, to another host.
		RedirectHosts: a.RedirectHosts, RedirectSetting: "remote.redirect_hosts",
	})
	if err != nil {
		return nil, fmt.Errorf("remote.%w", err)
	}
	login, err := a.login(r)
	if err != nil {
		return nil, err
	}
	return &https{client: client, base: strings.TrimSuffix(r.String(), "/"), login: login}, nil
}

func (a Access) login(r Remote) (string, error) {
	switch {
	case a.TokenFile != "":
		token, err := conffile.Token(a.TokenFile)
		if err != nil {
			return "", fmt.Errorf("remote.token_file: %w", err)
		}
		return "Bearer " + token, nil
	case a.PasswordFile != "":
		password, err := conffile.Line(a.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("remote.password_file: %w", err)
		}
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(cmp.Or(a.Username, r.User)+":"+password)), nil
	}
	return "", nil
}

func (t *https) canNegotiate() bool { return t.version == 2 }

func (t *https) close() { t.client.CloseIdleConnections() }

func (t *https) forward(ctx context.Context, client *clientSide) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := t.forwardUntil(ctx, client, func() { cancel(errStalled) })
	return client.unlessGone(because(ctx, err))
}

func (t *https) forwardUntil(ctx context.Context, client *clientSide, giveUp func()) error {
	response, err := t.request(ctx, http.MethodGet, "/info/refs?service="+service, "advertisement", nil)
	if err != nil {
		return err
	}
	err = t.advertise(watched{response.Body, giveUp, stallTimeout}, client)
	_ = response.Body.Close() // it was read
	if err != nil {
		return err
	}
	requests := bufio.NewReader(client)
	for {
		request, err := readRequest(requests, t.version)
		if err != nil || request == nil {
			return err
		}
		response, err := t.request(ctx, http.MethodPost, "/"+service, "result", request)
		if err != nil {
			return err
		}
		_, err = io.Copy(client, watched{response.Body, giveUp, stallTimeout})
		_ = response.Body.Close() // it was read
		if err != nil {
			return explain(err)
		}
	}
}

// advertise forwards the remote's advertisement without the line that exists only in HTTP.
func (t *https) advertise(from io.Reader, to io.Writer) error {
	in := bufio.NewReader(from)
	first, err := readPacket(in)
	if err == nil && first.line() == serviceLine {
		if first, err = readPacket(in); err == nil && first.mark == flush {
			first, err = readPacket(in)
		}
	}
	if err != nil {
		return explain(err)
	}
	t.version = 0
	if first.line() == "version 2" {
		t.version = 2
	}
	if _, err = io.WriteString(to, first.raw()); err == nil {
		_, err = io.Copy(to, in)
	}
	if err != nil {
		return explain(err)
	}
	return nil
}

// readRequest reads one request of git; nil if git has closed the connection.
func readRequest(in io.Reader, version int) ([]byte, error) {
	var request bytes.Buffer
	for {
		p, err := readPacket(in)
		if err != nil {
			return nil, nil //nolint:nilerr // git has closed the connection, and reports why
		}
		request.WriteString(p.raw())
		switch {
		case request.String() == flush:
			return nil, nil
		case request.Len() > maxRequest:
			return nil, fmt.Errorf("%w: a request of git has more than %d MiB", ErrTooLarge, maxRequest>>20)
		case version != 2 && strings.HasPrefix(p.text, "have "):
			return nil, fmt.Errorf("%w: the protocol version changed between two requests", errProtocol)
		case version == 2 && p.mark == flush, version != 2 && p.line() == "done":
			return request.Bytes(), nil
		}
	}
}

// request sends a request. Every response but the expected one is an error.
func (t *https) request(ctx context.Context, method, path, kind string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, t.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("invalid repository URL") // it was checked before
	}
	r.Header.Set("User-Agent", "git/relay-sync") // git hosts check for the prefix git/
	r.Header.Set("Git-Protocol", "version=2")
	if t.login != "" {
		r.Header.Set("Authorization", t.login)
	}
	wanted := "application/x-" + service + "-" + kind
	if body != nil {
		r.Header.Set("Content-Type", "application/x-"+service+"-request")
		r.Header.Set("Accept", wanted)
	}
	response, err := t.client.Do(r)
	if err != nil {
		return nil, explain(err)
	}
	err = t.checkStatus(response)
	if err == nil && mediaType(response) != wanted {
		err = fmt.Errorf("%w: no repository found at %s, or it offers only the old \"dumb\" protocol", errProtocol, t.base)
	}
	if err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return response, nil
}

// mediaType is the content type of a response without parameters, such as a character set, which some git hosts and
// proxies add.
func mediaType(response *http.Response) string {
	name, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

func (t *https) checkStatus(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusUnauthorized && t.login == "":
		return fmt.Errorf("%w: credentials are required (401). Hint: set remote.token_file, or remote.username and remote.password_file", ErrAuthentication)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%w: invalid credentials, or without permission to read this repository (%d). Hint: check the content of remote.token_file or remote.password_file", ErrAuthentication, code)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fmt.Errorf("%w: repository not found, or not visible with these credentials (%d)", ErrRejected, code)
	case code == http.StatusTooManyRequests, code >= 500:
		return fmt.Errorf("%w: HTTP status %d %s", ErrUnreachable, code, http.StatusText(code))
	default:
		return fmt.Errorf("%w: HTTP status %d %s", ErrRejected, code, http.StatusText(code))
	}
}

// explain converts an error of the HTTP client.
func explain(err error) error {
	if errors.Is(err, ErrTooLarge) || errors.Is(err, errProtocol) {
		return err
	}
	if redirect, is := errors.AsType[*httpclient.RedirectError](err); is {
		return redirected(redirect)
	}
	if outer, is := errors.AsType[*url.Error](err); is {
		err = outer.Err // without the URL, which the caller adds
	}
	text := foreign.Short(err.Error())
	if untrusted, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return fmt.Errorf("%w: %s. Hint: check remote.ca_cert, and which server answers at this address", ErrUntrusted,
			foreign.Short(untrusted.Err.Error()))
	}
	return fmt.Errorf("%w: %s", ErrUnreachable, text)
}

func redirected(redirect *httpclient.RedirectError) error {
	target := strings.TrimSuffix(redirect.Target, "/info/refs")
	return fmt.Errorf("%w: %w (target: %s). Hint: if the repository has moved, set its new URL",
		ErrRejected, redirect, foreign.Short(target))
}
