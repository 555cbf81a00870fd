// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Config is how the handler authenticates deliveries for one source.
type Config struct {
	// Provider is the kind of git host that sends the deliveries: github, gitlab,
	// gitlab-signed, gitea, forgejo or bitbucket. Required.
	Provider Provider `yaml:"provider"`
	// SecretFile is the file with the webhook secret that is configured at the git
	// host, at least 16 bytes long. It is read again when it has changed. Required.
	SecretFile string `yaml:"secret_file"`
}

// Problems returns what is wrong with the configuration. It reads no file.
func (c Config) Problems() (out problem.List) {
	out.AddIf(!slices.Contains(providers(), c.Provider), "provider", "must be one of %q", providers())
	out.AddIf(c.SecretFile == "", "secret_file", "is required; a file with the webhook secret that is configured at the git host")
	return out
}

// Warnings returns one warning if every user of the machine can read the secret file.
func (c Config) Warnings() []string { return conffile.Warnings(c.SecretFile) }
