// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaultclient

import "github.com/relay-secrets/terraform-provider-relay/internal/vault"

// Settings are the address of Vault, how to log in, and TLS. Nothing is taken from
// the environment.
type Settings = vault.Settings

// DefaultConcurrency is how many requests are under way at once, DefaultMaxRetries
// how often one is repeated, where the Settings have no number.
const (
	DefaultConcurrency = vault.DefaultConcurrency
	DefaultMaxRetries  = vault.DefaultMaxRetries
)

// Login is a way to get a token: one of the types below.
type Login = vault.Login

// The logins, as internal/vault describes them.
type (
	// AppRole logs in with a role id and a secret id.
	AppRole = vault.AppRole
	// JWT logs in with a token of an identity provider.
	JWT = vault.JWT
	// Kubernetes logs in with a service account's token.
	Kubernetes = vault.Kubernetes
	// UserPass logs in with a user name and a password.
	UserPass = vault.UserPass
	// LDAP logs in with the name and the password of a user of a directory server.
	LDAP = vault.LDAP
	// Cert logs in with the client certificate of the Settings.
	Cert = vault.Cert
)

// What Vault knows about a token, as internal/vault describes it.
type (
	// Self is the token of a session.
	Self = vault.Self
	// Entity is an entity of Vault's identity store.
	Entity = vault.Entity
	// Alias is the name of an entity in one auth mount.
	Alias = vault.Alias
)
