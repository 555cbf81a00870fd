// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

var (
	// ErrBatchToken: Vault cannot revoke a batch token.
	ErrBatchToken = errors.New("this Vault token is a batch token, which cannot be revoked, so it can list, but not write or approve" +
		"\nHint: let the auth method issue service tokens (token_type=service), and log in again")
	// ErrMFA: the login has a second step, which is not supported.
	ErrMFA = errors.New("this login requires multi-factor authentication by Vault, which is not supported here" +
		"\nHint: log in with the vault command, and use the token")
)

// Issued is the token that a login of a person gave. It prints as (sensitive). In an
// unexported field of another type fmt does not call its methods: keep it nowhere.
type Issued struct {
	Token string
	// Batch: the token was refused with ErrBatchToken, and Token is empty.
	Batch bool
	// Renewable: RenewSelf can extend the Lease.
	Renewable bool
	// Lease is how long the token is valid; 0 for no limit.
	Lease time.Duration
}

const redacted = "(sensitive)"

// Format implements fmt.Formatter for every verb and flag.
func (Issued) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String implements fmt.Stringer.
func (Issued) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Issued) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Issued) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler.
func (Issued) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText implements encoding.TextMarshaler, which YAML and XML use too.
func (Issued) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GobEncode implements gob.GobEncoder. It always fails.
func (Issued) GobEncode() ([]byte, error) { return nil, errors.New("a token is not encoded") }

// auth is Vault's answer to a login.
type auth struct {
	api.SecretAuth
	TokenType string `json:"token_type"`
}

// logIn sends a login without a token: Vault would reject an old one before it reads the
// login.
func (c *Client) logIn(ctx context.Context, path string, body map[string]any) (*auth, error) {
	anonymous := c.anonymous()
	request := anonymous.NewRequest(http.MethodPut, "/v1/"+path)
	if err := request.SetJSONBody(body); err != nil {
		return nil, &kv.Error{Op: "log in at", Path: path, Cause: kv.ErrRejected}
	}
	response, err := anonymous.RawRequestWithContext(ctx, request) //nolint:staticcheck // no other method returns the type of the token
	return c.authOf(path, response, err)
}

func (c *Client) anonymous() *api.Client {
	out := c.api.WithNamespace(c.namespace)
	out.ClearToken()
	return out
}

// authOf reads the answer to a login.
func (c *Client) authOf(path string, response *api.Response, err error) (*auth, error) {
	if response != nil {
		defer response.Body.Close()
	}
	if err != nil {
		return nil, c.loginError(path, err)
	}
	var answer struct {
		Auth *auth `json:"auth"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	switch {
	case err == nil && answer.Auth != nil && answer.Auth.MFARequirement != nil && answer.Auth.ClientToken == "":
		return nil, ErrMFA
	case err != nil || answer.Auth == nil || answer.Auth.ClientToken == "":
		return nil, &kv.Error{Op: "log in at", Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	return answer.Auth, nil
}

// loginError converts the error of a login: Vault responds to invalid credentials with
// 400, 401 or 403, depending on the method, and to a wrong mount with 403.
func (c *Client) loginError(path string, err error) *kv.Error {
	failed := c.newError("log in at", path, err)
	if failed.HasCause(kv.ErrRejected, kv.ErrUnsupported, kv.ErrPermissionDenied, kv.ErrInvalidToken, kv.ErrNoMount) {
		failed.Cause = kv.ErrLoginFailed
	}
	return failed
}
