// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"time"

	"github.com/hashicorp/vault/api"
)

// Clients makes the clients of many people for one Vault. They share connections and TLS.
// It is safe for concurrent use.
type Clients struct {
	// base has no token. It is never changed.
	base        *api.Client
	namespace   string
	concurrency int
}

// sharedConns bounds the connections of all clients together.
const sharedConns = 256

// forwardedHeader is the header for the address of the person. Vault uses it if the
// listener has x_forwarded_for_authorized_addrs.
const forwardedHeader = "X-Forwarded-For"

// NewClients checks the settings, which must have no credential, and sends nothing.
// Settings.Concurrency bounds the requests of each client. The error is a *problem.Error.
func NewClients(cfg Settings) (*Clients, error) {
	problems := cfg.addressProblems()
	problems.AddIf(cfg.Token != "" || cfg.TokenFile != "" || cfg.Login != nil, "token", "must not be set: each person has a token of their own")
	problems = append(problems, cfg.http().FileProblems()...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	base, err := cfg.newAPI(sharedConns)
	if err != nil {
		return nil, err
	}
	return &Clients{base: base, namespace: cfg.namespace(), concurrency: cfg.Concurrency}, nil
}

// WithToken is the client with a token that conffile.CheckToken accepts. It sends nothing,
// never logs in, and its Close does not revoke the token. forwardedFor is the address of
// the person; empty for none.
func (c *Clients) WithToken(token, forwardedFor string) *Client {
	base := c.base.WithNamespace(c.namespace) // a copy
	if forwardedFor != "" {
		headers := base.Headers()
		headers.Set(forwardedHeader, forwardedFor)
		base.SetHeaders(headers)
	}
	client := newClient(base, c.namespace, c.concurrency, &session{})
	client.use(token)
	return client
}

// LogIn logs in once. The caller keeps the token, and revokes it by RevokeSelf. Errors: a
// *problem.Error for a name or a password that cannot be sent, ErrBatchToken, ErrMFA, or a
// *kv.Error, of which kv.ErrLoginFailed means that Vault rejected the credentials.
func (c *Clients) LogIn(ctx context.Context, forwardedFor string, login Login) (Issued, error) {
	if err := login.problems().Err(); err != nil {
		return Issued{}, err
	}
	path, body, err := login.request()
	if err != nil {
		return Issued{}, err
	}
	auth, err := c.WithToken("", forwardedFor).logIn(ctx, path, body)
	if err != nil {
		return Issued{}, err
	}
	return auth.issued()
}

// issued is the token of a person. A batch token is refused: Vault cannot revoke it.
func (a *auth) issued() (Issued, error) {
	if a.TokenType == "batch" {
		return Issued{Batch: true}, ErrBatchToken
	}
	return Issued{Token: a.ClientToken, Renewable: a.Renewable, Lease: time.Duration(a.LeaseDuration) * time.Second}, nil
}
