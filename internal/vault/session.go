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

// session has the client's token. It logs in at the first request, renews the token
// after two thirds of the lease, and logs in again when the token no longer exists. It
// has no goroutine: the next request does what is due.
type session struct {
	login     Login  // nil for a given token
	tokenFile string // read again when it has changed, and when Vault denies a request

	mu    sync.Mutex
	token string
	// version is that of the token file when it was read.
	version conffile.Version
	// loggedIn means that the token comes from a login and can be revoked, so that Close
	// revokes it. Vault neither revokes nor renews a batch token.
	loggedIn  bool
	renewable bool
	// triedAt is the time of the last login, successful or not.
	triedAt time.Time
	// renewAt and expiresAt are zero for never.
	renewAt, expiresAt time.Time
	// rejected are the credentials that Vault rejected last.
	rejected rejection
}

// rejectedFor is how long rejected credentials are not used again. Otherwise each of
// many requests would use them, and Vault locks a user after a few failures.
const rejectedFor = time.Minute

type rejection struct {
	at   time.Time
	body map[string]any
	err  error
}

// ready ensures that the client has a token that has not expired.
func (c *Client) ready(ctx context.Context) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.login == nil:
		return c.readTokenFile()
	case s.token == "", !s.expiresAt.IsZero() && now.After(s.expiresAt):
		c.use("")
		return c.obtain(ctx)
	case s.loggedIn && s.renewable && now.After(s.renewAt):
		return c.prolong(ctx)
	}
	return nil
}

// readTokenFile uses the token in the file if that has changed. A file that cannot be
// used, such as one that is being written, leaves the token in use.
func (c *Client) readTokenFile() error {
	s := c.session
	if s.tokenFile == "" {
		return nil
	}
	now := conffile.VersionOf(s.tokenFile)
	if s.token != "" && now.Same(s.version) {
		return nil
	}
	token, err := conffile.Token(s.tokenFile)
	switch {
	case err == nil:
		s.version = now
		c.use(token)
	case s.token == "":
		return err
	}
	return nil
}

// deniedInterval is how often a denied request is a reason to log in again although the
// token still exists: the role may have more rights now, or another secret id.
const deniedInterval = time.Minute

// replaceToken reports whether a request that was denied should be repeated, because the
// client has other credentials now: the token file has another token, the token no longer
// existed, or a new login can have other rights.
func (c *Client) replaceToken(ctx context.Context, used string) bool {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != used {
		return true // another request has replaced it
	}
	if s.login == nil {
		s.version = nil // also if its time did not change
		return c.readTokenFile() == nil && s.token != used
	}
	if _, err := c.api.Logical().ReadWithContext(ctx, "auth/token/lookup-self"); err != nil {
		c.use("")
		return c.obtain(ctx) == nil
	}
	if time.Since(s.triedAt) < deniedInterval {
		return false
	}
	if c.obtain(ctx) != nil {
		return false // used still exists
	}
	c.revoke(ctx, used)
	return true
}

// revoke revokes a token that this client no longer uses. Otherwise it would exist until
// the end of its lease, which is the only harm if the request fails.
func (c *Client) revoke(ctx context.Context, token string) {
	former := c.api.WithNamespace(c.namespace)
	former.SetToken(token)
	_ = former.Auth().Token().RevokeSelfWithContext(ctx, "")
}

// obtain logs in. The caller has locked the session.
func (c *Client) obtain(ctx context.Context) error {
	s := c.session
	s.triedAt = time.Now()
	path, body, err := s.login.request()
	if err != nil {
		return err
	}
	if last := s.rejected; time.Since(last.at) < rejectedFor && maps.Equal(last.body, body) {
		return last.err
	}
	auth, err := c.logIn(ctx, path, body)
	if failed, is := errors.AsType[*kv.Error](err); is && failed.HasCause(kv.ErrLoginFailed) {
		failed.Detail = describeToken(s.login, body, s.triedAt)
		s.rejected = rejection{at: time.Now(), body: body, err: err}
	}
	if err != nil {
		return err
	}
	s.loggedIn = auth.TokenType != "batch"
	c.keep(&auth.SecretAuth, s.triedAt)
	return nil
}

// prolong renews the token, or gets a new one if that fails.
func (c *Client) prolong(ctx context.Context) error {
	asked := time.Now()
	response, err := c.api.Auth().Token().RenewSelfWithContext(ctx, 0)
	if err != nil || response == nil || response.Auth == nil {
		return c.obtain(ctx)
	}
	c.keep(response.Auth, asked)
	return nil
}

// keep uses a token. Its lease may have begun when it was asked for: Vault's answer can be late.
func (c *Client) keep(auth *api.SecretAuth, asked time.Time) {
	s := c.session
	c.use(auth.ClientToken)
	s.renewable, s.renewAt, s.expiresAt = auth.Renewable, time.Time{}, time.Time{}
	if lease := time.Duration(auth.LeaseDuration) * time.Second; lease > 0 {
		s.renewAt, s.expiresAt = asked.Add(lease*2/3), asked.Add(lease)
	}
}

func (c *Client) use(token string) {
	c.session.token = token
	c.api.SetToken(token)
}

// Close revokes the token if it comes from a login and has not expired. It does not
// revoke a token from the settings or from a file.
func (c *Client) Close(ctx context.Context) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.loggedIn || s.token == "" || (!s.expiresAt.IsZero() && time.Now().After(s.expiresAt)) {
		return nil
	}
	if err := c.api.Auth().Token().RevokeSelfWithContext(ctx, ""); err != nil {
		return c.newError("revoke the token at", c.api.Address(), err)
	}
	c.use("")
	return nil
}

// maxTokens is how many tokens are tried for one request. With short leases and a slow
// Vault, the token that replaced another one can have ended before it is used.
const maxTokens = 3

// call sends one request, do, with a valid token. It sends it again if the token no
// longer existed. The context of do ends with the call: otherwise Vault's library keeps
// what belongs to a raw request until its timeout.
func (c *Client) call(ctx context.Context, op, path string, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The slot covers a login and the second attempt, too: they run one by one.
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return fmt.Errorf("%s %s: wait for other requests to Vault: %w", op, path, ctx.Err())
	}
	if err := c.ready(ctx); err != nil {
		if failed, ok := errors.AsType[*kv.Error](err); ok {
			return failed
		}
		return fmt.Errorf("%s %s: %w", op, path, err)
	}
	for tokens := 1; ; tokens++ {
		token := c.currentToken()
		err := do(ctx)
		if err == nil {
			return nil
		}
		failed := c.newError(op, path, err)
		denied := failed.HasCause(kv.ErrPermissionDenied, kv.ErrInvalidToken)
		if !denied || tokens == maxTokens || !c.replaceToken(ctx, token) {
			return failed
		}
	}
}

func (c *Client) currentToken() string {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.token
}
