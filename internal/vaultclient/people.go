// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaultclient

import "github.com/relay-secrets/terraform-provider-relay/internal/vault"

// The clients of people, as internal/vault describes them.
type (
	// Clients makes clients for many tokens, with shared connections.
	Clients = vault.Clients
	// Client sends requests with one token.
	Client = vault.Client
	// Issued is the token that a login of a person gave.
	Issued = vault.Issued
	// LoginMount is what Vault shows of an auth method without a token.
	LoginMount = vault.LoginMount
	// ACL are the rules of all policies of a token.
	ACL = vault.ACL
)

var (
	// ErrBatchToken: a login gives tokens that cannot be revoked.
	ErrBatchToken = vault.ErrBatchToken
	// ErrMFA: a login has a second step, which is not supported.
	ErrMFA = vault.ErrMFA
)

// NewClients prepares clients for people; it sends nothing. The settings must have no
// credential. The error is a *problem.Error with all problems of the settings.
func NewClients(to Settings) (*Clients, error) { return vault.NewClients(to) }

// Health is the state of a Vault server.
type Health = vault.Health
