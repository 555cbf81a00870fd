// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// session keeps the client's token: it logs in at the first request, renews at
// two thirds of the lease, and logs in again when the token is gone. There is no
// goroutine behind it; the next request does what is due.
type session struct {
	login     Login  // nil for a given token
	tokenFile string // read again when its token is refused

	mu    sync.Mutex
	token string
	// made says that this session made the token, and so may revoke it.
	made      bool
	renewable bool
	// renew and dead are when the token is due for renewal, and when it ends;
	// zero for never.
	renew, dead time.Time
	// refused are the credentials that Vault refused last, and its answer.
	refused refusal
}

// refusedFor is how long credentials that Vault has refused are not tried again:
// each of many requests would, and Vault locks a user out after a few.
const refusedFor = time.Minute

type refusal struct {
	at   time.Time
	body map[string]any
	err  error
}

// ready makes sure that the client has a token that should still work.
func (c *Client) ready(ctx context.Context) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.token == "", !s.dead.IsZero() && now.After(s.dead):
		return c.obtain(ctx)
	case s.made && s.renewable && now.After(s.renew):
		return c.prolong(ctx)
	}
	return nil
}

// again reports whether a request that was denied is worth repeating, because
// the token it was sent with is gone and a new one is there. A denial under a
// token that Vault still knows is the policy's.
func (c *Client) again(ctx context.Context, refused string) bool {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != refused {
		return true // somebody else was faster
	}
	if s.login == nil && s.tokenFile == "" {
		return false
	}
	if _, err := c.api.Logical().ReadWithContext(ctx, "auth/token/lookup-self"); err == nil {
		return false
	}
	return c.obtain(ctx) == nil && s.token != refused
}

// obtain gets a new token. The session is locked.
func (c *Client) obtain(ctx context.Context) error {
	s := c.session
	if s.login == nil {
		token, err := conffile.Token(s.tokenFile)
		if err != nil {
			return err
		}
		c.use(token)
		return nil
	}
	path, body, err := s.login.request()
	if err != nil {
		return err
	}
	if last := s.refused; time.Since(last.at) < refusedFor && maps.Equal(last.body, body) {
		return last.err
	}
	// The old token would be sent along, and refused before the login is looked at.
	c.use("")
	answer, err := c.api.Logical().WriteWithContext(ctx, path, body)
	if err != nil {
		failed := c.loginError(path, err)
		if errors.Is(failed, kv.ErrLoginFailed) {
			s.refused = refusal{at: time.Now(), body: body, err: failed}
		}
		return failed
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return &kv.Error{Op: "logging in at", Path: path, Status: 200, Cause: kv.ErrMalformed}
	}
	s.made = true
	c.keep(answer.Auth)
	return nil
}

// prolong renews the token, or gets a new one where that fails.
func (c *Client) prolong(ctx context.Context) error {
	answer, err := c.api.Auth().Token().RenewSelfWithContext(ctx, 0)
	if err != nil || answer == nil || answer.Auth == nil {
		return c.obtain(ctx)
	}
	c.keep(answer.Auth)
	return nil
}

func (c *Client) keep(auth *api.SecretAuth) {
	s := c.session
	c.use(auth.ClientToken)
	s.renewable, s.renew, s.dead = auth.Renewable, time.Time{}, time.Time{}
	if lease := time.Duration(auth.LeaseDuration) * time.Second; lease > 0 {
		now := time.Now()
		s.renew, s.dead = now.Add(lease*2/3), now.Add(lease)
	}
}

func (c *Client) use(token string) {
	c.session.token = token
	c.api.SetToken(token)
}

// Close revokes the token if this client logged in for it and it is still alive.
// A client with a given token leaves it alone.
func (c *Client) Close(ctx context.Context) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.made || s.token == "" || (!s.dead.IsZero() && time.Now().After(s.dead)) {
		return nil
	}
	if err := c.api.Auth().Token().RevokeSelfWithContext(ctx, ""); err != nil {
		return c.newError("revoking the own token at", c.api.Address(), err)
	}
	c.use("")
	return nil
}

// loginError says what a refused login means: Vault answers wrong credentials
// with 400, 401 or 403, depending on the method, and a wrong mount with 403.
func (c *Client) loginError(path string, err error) *kv.Error {
	failed := c.newError("logging in at", path, err)
	if failed.HasCause(kv.ErrRejected, kv.ErrPermissionDenied, kv.ErrInvalidToken, kv.ErrNoMount) {
		failed.Cause = kv.ErrLoginFailed
	}
	return failed
}

// call runs one request with a token that works. do is the request; it runs once
// more where it was denied only because the token had died.
func (c *Client) call(ctx context.Context, op, path string, do func() error) error {
	// A place is taken for a login and a second try too: they run one by one.
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return fmt.Errorf("%s %s: waiting for other requests to Vault: %w", op, path, ctx.Err())
	}
	if err := c.ready(ctx); err != nil {
		if failed, ok := errors.AsType[*kv.Error](err); ok {
			return failed
		}
		return fmt.Errorf("%s %s: %w", op, path, err)
	}
	token := c.currentToken()
	err := do()
	if err == nil {
		return nil
	}
	failed := c.newError(op, path, err)
	if failed.HasCause(kv.ErrPermissionDenied, kv.ErrInvalidToken) && c.again(ctx, token) {
		if err = do(); err == nil {
			return nil
		}
		failed = c.newError(op, path, err)
	}
	return failed
}

func (c *Client) currentToken() string {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.token
}
