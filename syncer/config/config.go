// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

const maxConfigBytes = 1 << 20

// Config is the controller's configuration file.
type Config struct {
	// Controller names this installation; it is part of every owner it writes as.
	// Required, unique per Vault.
	Controller string `yaml:"controller"`
	// Vault says where and how to write.
	Vault Vault `yaml:"vault"`
	// Audit is a file to which a line is appended before and after each change of
	// Vault; none if unset.
	Audit string `yaml:"audit"`
	// Listen is the address of the daemon's HTTP endpoint, such as 127.0.0.1:9460;
	// none if unset. It tells names of workflows and secrets to whoever asks.
	Listen string `yaml:"listen"`
	// ListenWebhooks is the address at which the daemon takes deliveries of git
	// hosts, POST /webhook/<source>, such as :9461. It answers nothing else and tells
	// no names, so it may be reachable from outside, through something that ends TLS.
	// Required where a source has a webhook.
	ListenWebhooks string `yaml:"listen_webhooks"`
	// FingerprintKeyFile holds a key of 32 bytes or more, such as from
	// `openssl rand -base64 32`; one line break at its end is not part of it. With it
	// each record holds a fingerprint of the value, so that a file that was only
	// re-encrypted, as by sops rotate, changes records and writes no value. Run a
	// round after setting or changing it, and before the next re-encryption: until
	// then records do not have it. It is read at the start and at a reload. None if
	// unset.
	FingerprintKeyFile string `yaml:"fingerprint_key_file"`
	// Mirrors is the folder in which the mirrors of remote repositories are kept;
	// /var/lib/relay-sync/mirrors if unset. It holds no state: it may be empty at each start.
	Mirrors string `yaml:"mirrors"`
	// Election lets one of several replicas follow at a time, by a Lease of Kubernetes;
	// each follows if unset, which does no harm and costs requests.
	Election *election.Config `yaml:"election"`
	// Sources are the repositories to follow. At least one.
	Sources []Source `yaml:"sources"`
}

// Read reads and checks a configuration file. Paths in the file are relative to its
// directory. Unknown keys are refused. The error lists all problems, with their lines.
func Read(path string) (*Config, error) {
	data, err := conffile.Read(path, maxConfigBytes)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	directory, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	cfg, problems := parse(data, directory)
	if len(problems) > 0 {
		return nil, fmt.Errorf("invalid configuration %s:\n  %s", conffile.Display(path), strings.Join(problems, "\n  "))
	}
	return cfg, nil
}

// parse returns the configuration, or its problems with their lines.
func parse(data []byte, directory string) (*Config, []string) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, []string{syntaxProblem(err)}
	}
	strict := yaml.NewDecoder(bytes.NewReader(data))
	strict.KnownFields(true)
	var cfg Config
	if err := strict.Decode(&cfg); err != nil {
		return nil, typeProblems(err)
	}
	if err := strict.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, []string{"must contain one YAML document; found a second one"}
	}
	cfg.SetDefaults(directory)
	return &cfg, withLines(&root, cfg.problems())
}

// DefaultDriftInterval is how often the daemon compares Vault with an unchanged
// commit.
const DefaultDriftInterval = 10 * time.Minute

// SetDefaults sets what the file leaves out, and makes relative paths absolute:
// they are relative to the folder.
func (cfg *Config) SetDefaults(folder string) {
	v := &cfg.Vault
	v.Mount = withDefault(v.Mount, secrets.DefaultMount)
	v.Prefix = withDefault(v.Prefix, secrets.DefaultPrefix)
	v.Concurrency = withDefault(v.Concurrency, vaultclient.DefaultConcurrency)
	cfg.Audit = below(folder, cfg.Audit)
	if cfg.Election != nil {
		cfg.Election.Kubeconfig = below(folder, cfg.Election.Kubeconfig)
	}
	cfg.FingerprintKeyFile = below(folder, cfg.FingerprintKeyFile)
	cfg.Mirrors = below(folder, withDefault(cfg.Mirrors, DefaultMirrors))
	for _, path := range append(v.Login.files(), &v.TokenFile, &v.CACert, &v.ClientCert, &v.ClientKey) {
		*path = below(folder, *path)
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		s.Drift = withDefault(s.Drift, plan.Heal)
		s.History = withDefault(s.History, plan.FollowHistory)
		s.DriftInterval = withDefault(s.DriftInterval, DefaultDriftInterval)
		s.place(folder)
		s.placeHooks(folder)
		keys := s.Keyring() // shares its parts with s
		for _, path := range keys.Files() {
			*path = below(folder, *path)
		}
	}
}

func withDefault[T comparable](value, otherwise T) T {
	var unset T
	if value == unset {
		return otherwise
	}
	return value
}

func below(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
