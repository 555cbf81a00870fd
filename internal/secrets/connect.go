// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import "github.com/relay-secrets/terraform-provider-relay/internal/vault"

// Connection says how to reach Vault. Nothing is taken from the environment.
type Connection = vault.Config

// DefaultConcurrency is how many requests are under way at once, DefaultMaxRetries
// how often one is repeated, unless the Connection says otherwise.
const (
	DefaultConcurrency = vault.DefaultConcurrency
	DefaultMaxRetries  = vault.DefaultMaxRetries
)

// Login is a way to get a token: one of the types below.
type Login = vault.Login

// The logins, as internal/vault describes them.
type (
	// AppRole logs in with a role's id and a secret id.
	AppRole = vault.AppRole
	// JWT logs in with a token of an identity provider.
	JWT = vault.JWT
	// Kubernetes logs in with a service account's token.
	Kubernetes = vault.Kubernetes
	// UserPass logs in with a name and a password.
	UserPass = vault.UserPass
	// Cert logs in with the client certificate of the connection.
	Cert = vault.Cert
)

// SettingError is one field of a Connection that is wrong. Connection.Check and
// Connect join one for each.
type SettingError = vault.SettingError

// Connect prepares a client that speaks to Vault; it sends nothing. cfg.KV and
// cfg.Concurrency are replaced. The error lists all that is wrong and holds no token.
func Connect(to Connection, cfg Config) (*Client, error) {
	kv, err := vault.Connect(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = kv, to.Concurrency
	c, err := NewClient(cfg)
	if err != nil {
		return nil, err
	}
	c.close = kv.Close
	return c, nil
}
