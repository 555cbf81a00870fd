// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// ShortRef names what the source follows, for people.
func (s Source) ShortRef() string {
	if s.Tag != "" {
		return "tag " + s.Tag
	}
	return s.Branch
}

// FullRef is the full name of what the source follows.
func (s Source) FullRef() string {
	if s.Tag != "" {
		return "refs/tags/" + s.Tag
	}
	return "refs/heads/" + s.Branch
}

func (cfg *Config) Select(names []string) ([]Source, error) {
	if len(names) == 0 {
		return cfg.Sources, nil
	}
	var out []Source
	for _, name := range names {
		i := slices.IndexFunc(cfg.Sources, func(s Source) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no source is named %q in the configuration", name)
		}
		out = append(out, cfg.Sources[i])
	}
	return out, nil
}

// Source is a git repository and branch or tag, and the workflows it may write.
type Source struct {
	// Name identifies the source in records. Required, unique in the file.
	Name string `yaml:"name"`
	// Repository is the folder of a local repository, or the address of a remote one:
	// https://host/path, ssh://user@host/path or user@host:path. Required.
	Repository string `yaml:"repository"`
	// Branch is the branch to follow; "main" if unset, and there is no Tag.
	Branch string `yaml:"branch"`
	// Tag is a tag to follow in place of a branch, also when it is moved.
	Tag string `yaml:"tag"`
	// Remote says how a remote repository is reached.
	Remote Remote `yaml:"remote"`
	// Verify says who may sign what is applied; anybody, and nobody, if unset.
	Verify Verify `yaml:"verify"`
	// History says what to do with a commit that does not descend from those that the
	// source's secrets were written from: "follow" applies it and deletes nothing
	// (if unset), "refuse" holds the plan until somebody approves it.
	History plan.HistoryPolicy `yaml:"history"`
	// Files are patterns of the manifests, such as "secrets/**/*.yaml". At least one
	// of it and Map is required.
	Files []string `yaml:"files"`
	// Map says where the secrets of other SOPS files go: dotenv, INI and binary. A
	// file that matches here is no manifest, whatever Files says.
	Map []MapEntry `yaml:"map"`
	// Workflows are the only workflows that this source may write. Required, unless
	// there are connections.
	Workflows []string `yaml:"workflows"`
	// Connections are the only connections that this source may write, as type/name.
	// None if unset.
	Connections []string `yaml:"connections"`
	// AgeKeys are files of age identities, of this source alone. Required unless Keys
	// sets another kind.
	AgeKeys []string `yaml:"age_keys"`
	// Keys turns on kinds of keys other than age, one by one, for this source alone.
	Keys keyring.Config `yaml:"keys"`
	// Drift says what to do about a secret that somebody else changed: "heal"
	// writes it again (if unset), "report" shows it and leaves it.
	Drift plan.DriftPolicy `yaml:"drift"`
	// DriftInterval is how often the daemon compares Vault with an unchanged commit;
	// 10m if unset.
	DriftInterval time.Duration `yaml:"drift_interval"`
	// Webhook says how the git host's deliveries for this source are authenticated;
	// none are taken if unset.
	Webhook *webhook.Config `yaml:"webhook"`
	// Notify is who is told when the daemon has applied a revision, or could not: at
	// most 10 targets.
	Notify []notify.Config `yaml:"notify"`
	// Deletes bounds what a round deletes without somebody's approval.
	Deletes plan.DeletePolicy `yaml:"deletes"`
	// Suspend makes the daemon leave the source alone: it looks at no commit and
	// asks nothing of Vault. apply passes it over unless it is named by --source.
	Suspend bool `yaml:"suspend"`
}
