// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"fmt"
	"slices"
)

// Config is how the handler authenticates deliveries for one source.
type Config struct {
	// Provider is the kind of git host that sends the deliveries: github, gitlab,
	// gitlab-signed, gitea, forgejo or bitbucket. Required.
	Provider Provider `yaml:"provider"`
	// SecretFile is the file with the webhook secret that is configured at the git
	// host, at least 16 bytes long. It is read at the start and at each reload.
	// Required.
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
