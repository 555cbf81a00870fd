// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"fmt"
	"slices"
)

// Config says how deliveries for one source are authenticated.
type Config struct {
	// Provider is the kind of git host that sends them. Required.
	Provider Provider `yaml:"provider"`
	// SecretFile holds the secret that the host was given, of 16 bytes at least. It
	// is read at the start and on a reload. Required.
	SecretFile string `yaml:"secret_file"`
}

// Problems lists what is wrong, by key.
func (c Config) Problems() map[string]string {
	out := map[string]string{}
	if !slices.Contains(Providers(), c.Provider) {
		out["provider"] = fmt.Sprintf("webhook.provider must be one of %q", Providers())
	}
	if c.SecretFile == "" {
		out["secret_file"] = "webhook.secret_file is missing: a file that holds the secret which the git host was given"
	}
	return out
}
