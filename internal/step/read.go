// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"errors"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// Job is how the job that runs the step logs in, and what it reads.
type Job struct {
	Vault vault.Settings
	// GitHub gives the token of the login in Vault, which is a *vault.JWT, at each attempt:
	// it is valid for minutes only. Nil: the login is complete.
	GitHub *GitHub
	Scope  Scope
	// Wait is how long to wait while Vault is sealed or unavailable.
	Wait time.Duration
	// Waiting is called with the cause before the first wait.
	Waiting func(cause error)
	// Warn is called with what does not keep the step from running.
	Warn func(error)
}

const (
	firstInterval = 250 * time.Millisecond
	lastInterval  = 5 * time.Second
)

// Read logs in, lets read send its requests, and revokes the token. While Vault is sealed or
// unavailable, it does all of that again, until Wait is over.
func (j Job) Read(ctx context.Context, read func(context.Context, *Reader) error) error {
	deadline := time.Now().Add(j.Wait)
	var open []*Reader // with tokens that exist
	defer func() {
		for _, reader := range open {
			if err := reader.Close(context.WithoutCancel(ctx)); err != nil { // also after a signal
				j.Warn(err)
			}
		}
	}()
	for interval := firstInterval; ; interval = min(2*interval, lastInterval) {
		reader, err := j.logIn(ctx)
		if err == nil {
			open = append(open, reader)
			err = read(ctx, reader)
		}
		left := time.Until(deadline)
		if err == nil || !temporary(err) || left <= 0 || ctx.Err() != nil {
			return err
		}
		if interval == firstInterval {
			j.Waiting(err)
		}
		select {
		case <-time.After(min(interval, left)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func temporary(err error) bool {
	var can interface{ Temporary() bool }
	return errors.As(err, &can) && can.Temporary()
}

// logIn prepares a reader with a fresh ID token. The reader logs in at its first request.
func (j Job) logIn(ctx context.Context) (*Reader, error) {
	settings := j.Vault
	if login, is := settings.Login.(*vault.JWT); is && j.GitHub != nil {
		token, err := j.GitHub.IDToken(ctx)
		if err != nil {
			return nil, err
		}
		settings.Login = &vault.JWT{Mount: login.Mount, Role: login.Role, Token: token}
	}
	return NewReader(settings, j.Scope)
}
