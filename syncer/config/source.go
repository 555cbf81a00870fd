// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
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

// Select returns the sources with these names; all sources if names is empty.
func (cfg *Config) Select(names []string) ([]Source, error) {
	if len(names) == 0 {
		return cfg.Sources, nil
	}
	var out []Source
	for _, name := range names {
		i := slices.IndexFunc(cfg.Sources, func(s Source) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("source %q: not found in the configuration: must be one of %s", name, strings.Join(cfg.SourceNames(), ", "))
		}
		out = append(out, cfg.Sources[i])
	}
	return out, nil
}

// SourceNames are the names of all sources.
func (cfg *Config) SourceNames() []string {
	names := make([]string, len(cfg.Sources))
	for i, s := range cfg.Sources {
		names[i] = s.Name
	}
	return names
}

// Source is a git repository and branch or tag, and the workflows it may write.
type Source struct {
	// Name identifies the source in records. Required, unique in the file.
	Name string `yaml:"name"`
	// Repository is the folder of a local repository, or the address of a remote one:
	// https://host/path, ssh://user@host/path or user@host:path. It must not contain a
	// password or token. Required.
	Repository string `yaml:"repository"`
	// Branch is the branch to follow; "main" if unset and Tag is unset.
	Branch string `yaml:"branch"`
	// Tag is a tag to follow instead of a branch, also when it is moved.
	Tag string `yaml:"tag"`
	// Remote is the access to a remote repository.
	Remote Remote `yaml:"remote"`
	// Verify is who must sign what is applied; no signature is required if unset.
	Verify Verify `yaml:"verify"`
	// History decides about a commit that does not descend from those that the source's
	// secrets were written from: "follow" applies it and lets deletes of the former
	// history wait for approval, "refuse" lets the whole plan wait. If unset, "refuse" with
	// Verify, so that a signed commit of another repository waits, and else "follow".
	History plan.HistoryPolicy `yaml:"history"`
	// Files are patterns of the manifests, such as "secrets/**/*.yaml". A wildcard does
	// not match a name that begins with a dot, such as .sops.yaml. A pattern that begins
	// with "!" excludes files; the last pattern that matches decides. At least one of it
	// and Map is required.
	Files []string `yaml:"files"`
	// Map gives the secrets of SOPS files without an address a workflow: flat YAML and
	// JSON, dotenv, INI and binary. A file that matches an entry is not a manifest, even
	// if it matches Files.
	Map []MapEntry `yaml:"map"`
	// Workflows are the only workflows that this source may write. Required unless
	// Connections is set.
	Workflows []string `yaml:"workflows"`
	// Connections are the only connections that this source may write, as type/name.
	// None if unset.
	Connections []string `yaml:"connections"`
	// WorkflowFiles are patterns, as of Files, of Relay workflow files in the repository. The
	// file deploy.yaml is of the workflow deploy; files of workflows that are not in Workflows
	// are not read. The daemon reads them at each new commit, and its inventory, which the
	// web page shows, has the steps that use each secret, and the secrets that are missing.
	// They decide about no secret: one that cannot be read is only reported. Limits bound
	// them like manifests. None if unset.
	WorkflowFiles []string `yaml:"workflow_files"`
	// AgeKeys are files of age identities, for this source alone. Required unless Keys
	// sets another kind of key.
	AgeKeys []string `yaml:"age_keys"`
	// Keys enables other kinds of keys than age, one by one, for this source alone.
	Keys keyring.Config `yaml:"keys"`
	// Recipients are public keys that every file must be encrypted for, as .sops.yaml
	// names them: age recipients, PGP fingerprints, ARNs and so on. relay-sync verify
	// refuses a file without one of them; other commands do not. None if unset.
	Recipients []string `yaml:"recipients"`
	// Encoding decides about a value that is not UTF-8, contains NUL or begins with
	// "base64:": "relay" (if unset) writes it in base64 after "base64:", which only Relay's
	// readers decode; "refuse" refuses its file.
	Encoding secrets.Encoding `yaml:"encoding"`
	// Drift decides about a secret with an outside change: "heal" writes it again (if
	// unset), "report" reports it and leaves it until relay-sync adopt names it. A secret
	// whose metadata another writer removed, as a purge does, has no record left: it looks
	// like a new one, and both write it.
	Drift plan.DriftPolicy `yaml:"drift"`
	// DriftInterval is the interval at which the daemon compares Vault with an unchanged
	// commit; 10m if unset, 5s or more.
	DriftInterval time.Duration `yaml:"drift_interval"`
	// Webhook authenticates the git host's deliveries for this source; none are accepted
	// if unset.
	Webhook *webhook.Config `yaml:"webhook"`
	// Notify are the targets that receive the outcome of each revision: at most 10.
	Notify []notify.Config `yaml:"notify"`
	// Deletes bounds what a sync deletes without approval.
	Deletes plan.DeletePolicy `yaml:"deletes"`
	// Approvals are the settings for plans that wait for approval.
	Approvals Approvals `yaml:"approvals"`
	// Limits are the largest commit that the source reads, and the memory of git.
	Limits Limits `yaml:"limits"`
	// Suspend makes the daemon ignore the source: it resolves no commit and sends no
	// request to Vault. apply skips it unless --source names it.
	Suspend bool `yaml:"suspend"`
}
