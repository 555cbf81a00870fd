// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Tidy lets the daemon remove the metadata of names that are dead and that every owner has
// released, in all workflows below vault.prefix and in vault.domain, of every owner.
// relay-sync tidy does the same once.
type Tidy struct {
	// After is how long a name has to be dead and released; 720h if unset.
	After time.Duration `yaml:"after"`
	// Login is a login of its own, with the policy of the role tidy: the token of the
	// controller must not remove metadata. Required.
	Login Login `yaml:"login"`
}

func (t *Tidy) problems() (out problem.List) {
	out.AddIf(t.After < 0, "after", "must not be negative; such as 720h")
	out.AddIf(len(t.Login.logins()) != 1, "login", "must have exactly one of approle, jwt, kubernetes and cert")
	return out
}

// TidySettings are the settings for Vault with the login of the tidy. The caller has
// checked that Tidy is set.
func (cfg *Config) TidySettings(userAgent string) vaultclient.Settings {
	v := cfg.Vault
	v.TokenFile, v.Login = "", cfg.Tidy.Login
	return v.Settings(userAgent)
}
