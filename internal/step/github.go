// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// GitHub is what GitHub Actions gives to a job with the permission id-token: write: where to
// request an ID token, and the credential for that (GitHub, "OpenID Connect reference").
type GitHub struct {
	// URL and Token are ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
	URL, Token string
	// Audience is the claim aud of the ID token; empty for GitHub's own, the URL of the
	// repository's owner.
	Audience string
}

const (
	idTokenTimeout  = 30 * time.Second
	maxIDTokenBytes = 64 << 10
)

// idTokenError is a request for an ID token that failed.
type idTokenError struct {
	cause     string
	temporary bool
}

func (e *idTokenError) Error() string { return "request an ID token of GitHub Actions: " + e.cause }

// Temporary reports whether the same request can succeed later.
func (e *idTokenError) Temporary() bool { return e.temporary }

// IDToken requests an ID token. It is valid for some minutes. The error has no part of an
// answer.
func (g GitHub) IDToken(ctx context.Context) (string, error) {
	if g.URL == "" || g.Token == "" {
		return "", errors.New("request an ID token of GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are required" +
			"\nHint: add \"permissions: {id-token: write}\" to the job; GitHub sets them then")
	}
	request, err := g.request(ctx)
	if err != nil {
		return "", err
	}
	client, err := httpclient.New(httpclient.Settings{Timeout: idTokenTimeout, MaxResponseBytes: maxIDTokenBytes})
	if err != nil {
		return "", err
	}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil { // err quotes the address
		return "", &idTokenError{cause: "connection failed or timed out", temporary: true}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", &idTokenError{cause: fmt.Sprintf("the server answered with HTTP %d", response.StatusCode), temporary: response.StatusCode >= 500}
	}
	var answer struct {
		Value string `json:"value"`
	}
	if json.NewDecoder(response.Body).Decode(&answer) != nil {
		return "", &idTokenError{cause: "the answer is not that of GitHub Actions"}
	}
	token, err := conffile.CheckToken(answer.Value)
	if err != nil {
		return "", &idTokenError{cause: "the answer has no token"}
	}
	return token, nil
}

func (g GitHub) request(ctx context.Context) (*http.Request, error) {
	u, err := httpclient.ParseURL(g.URL)
	if err == nil {
		err = httpclient.RequireTLS(u)
	}
	if err != nil {
		return nil, fmt.Errorf("request an ID token of GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_URL %w", err)
	}
	credential, err := conffile.CheckToken(g.Token)
	if err != nil {
		return nil, fmt.Errorf("request an ID token of GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_TOKEN %w", err)
	}
	if g.Audience != "" {
		query := u.Query()
		query.Set("audience", g.Audience)
		u.RawQuery = query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("request an ID token of GitHub Actions: invalid ACTIONS_ID_TOKEN_REQUEST_URL")
	}
	request.Header.Set("Authorization", "Bearer "+credential)
	request.Header.Set("Accept", "application/json")
	return request, nil
}
