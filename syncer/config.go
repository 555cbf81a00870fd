// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

const maxConfigBytes = 1 << 20

// Config is the controller's configuration file.
type Config struct {
	// Controller names this installation; it is part of every owner it writes as.
	// Required, unique per Vault.
	Controller string `yaml:"controller"`
	// Vault says where and how to write.
	Vault VaultConfig `yaml:"vault"`
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

// VaultConfig is the connection and the place to write. Credentials come from
// files only, never from the environment: children could inherit that.
type VaultConfig struct {
	// Address is Vault's URL. Required.
	Address string `yaml:"address"`
	// Namespace is a Vault Enterprise or OpenBao namespace.
	Namespace string `yaml:"namespace"`
	// Mount is the KV v2 mount; "customers" if unset.
	Mount string `yaml:"mount"`
	// Prefix lies between mount and workflow; "workflows" if unset.
	Prefix string `yaml:"prefix"`
	// Domain is whose connections the sources write: the folder below connections/ in
	// the mount. Required where a source has connections.
	Domain string `yaml:"domain"`
	// TokenFile holds the token. It is read again when Vault no longer takes it.
	// Exactly one of it and Login is required.
	TokenFile string `yaml:"token_file"`
	// Login gets a token; at the end it is revoked.
	Login LoginConfig `yaml:"login"`
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string `yaml:"ca_cert"`
	// ClientCert and ClientKey are PEM files for mutual TLS.
	ClientCert string `yaml:"client_cert"`
	ClientKey  string `yaml:"client_key"`
	// Concurrency is how many requests are under way at once; 16 if unset.
	Concurrency int `yaml:"concurrency"`
	// WritesPerSecond is how many secrets all sources together write, delete or
	// release in a second, at the most; unlimited if unset. Each takes two requests,
	// of which the second, the record, never waits.
	WritesPerSecond float64 `yaml:"writes_per_second"`
	// Settle is how long a record may take to follow its value, and how old a
	// foreign version must be before it is repaired; 30s if unset.
	Settle time.Duration `yaml:"settle"`
	// MaxValueBytes bounds a value after encoding; 524288 if unset.
	MaxValueBytes int `yaml:"max_value_bytes"`
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
	Remote RemoteConfig `yaml:"remote"`
	// Verify says who may sign what is applied; anybody, and nobody, if unset.
	Verify VerifyConfig `yaml:"verify"`
	// History says what to do with a commit that does not descend from those that the
	// source's secrets were written from: "follow" applies it and deletes nothing
	// (if unset), "refuse" holds the plan until somebody approves it.
	History HistoryPolicy `yaml:"history"`
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
	Drift DriftPolicy `yaml:"drift"`
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
	Deletes DeletePolicy `yaml:"deletes"`
	// Suspend makes the daemon leave the source alone: it looks at no commit and
	// asks nothing of Vault. apply passes it over unless it is named by --source.
	Suspend bool `yaml:"suspend"`
}

// MapEntry gives files of other SOPS formats their workflow. SOPS seals no address
// into such a file: that its values go to this workflow, and which file that is,
// rests on this configuration and on who reviews the repository. Whoever may
// replace the file with another one sealed for the same keys may move its values.
type MapEntry struct {
	// File is a path or a pattern in the repository. Required. Names that end with
	// .env are dotenv, those that end with .ini are INI.
	File string `yaml:"file"`
	// Workflow is where the secrets go: one of the source's workflows. Required.
	Workflow string `yaml:"workflow"`
	// Secret is the name for the one value of a binary file (sops --input-type
	// binary). Empty for dotenv files, whose keys are the names, and INI files, whose
	// names are section.key, or the key alone before the first section.
	Secret string `yaml:"secret"`
}

// DeletePolicy bounds the deletes of a round. A plan beyond it is held until
// somebody runs relay-sync apply --approve with its id.
type DeletePolicy struct {
	// Max is how many secrets a round may delete; 10 if unset, 0 for none.
	Max *int `yaml:"max"`
	// MaxPercent is how many of every hundred secrets of the source it may delete;
	// 100 if unset.
	MaxPercent *int `yaml:"max_percent"`
	// AllowEmpty lets a round delete the last secrets of a workflow, and all of
	// them where the branch holds no manifest any more.
	AllowEmpty bool `yaml:"allow_empty"`
}

// DefaultMaxDeletes is how many secrets a round may delete unless a source says
// otherwise.
const DefaultMaxDeletes = 10

// DriftPolicy is "heal" or "report".
type DriftPolicy string

// The drift policies.
const (
	Heal       DriftPolicy = "heal"
	ReportOnly DriftPolicy = "report"
)

// ReadConfig reads and checks a configuration file. Paths in it are relative to
// its folder. Unknown keys are refused. The error lists all that is wrong, by
// line.
func ReadConfig(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxConfigBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(data) > maxConfigBytes {
		return nil, fmt.Errorf("reading the configuration %s: it is larger than %d bytes", path, maxConfigBytes)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	cfg, problems := parseConfig(data, folder)
	if len(problems) > 0 {
		return nil, fmt.Errorf("the configuration %s is refused:\n  %s", path, strings.Join(problems, "\n  "))
	}
	return cfg, nil
}

// parseConfig is ReadConfig without the file: pure.
func parseConfig(data []byte, folder string) (*Config, []string) {
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
		return nil, []string{"it holds a second YAML document; keep one"}
	}
	cfg.setDefaults(folder)
	check := configCheck{root: &root}
	check.all(&cfg)
	return &cfg, check.problems
}

func (cfg *Config) setDefaults(folder string) {
	v := &cfg.Vault
	v.Mount = withDefault(v.Mount, secrets.DefaultMount)
	v.Prefix = withDefault(v.Prefix, secrets.DefaultPrefix)
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
		s.Drift = withDefault(s.Drift, Heal)
		s.History = withDefault(s.History, FollowHistory)
		s.place(folder)
		s.placeHooks(folder)
		keys := s.keyring() // shares its parts with s
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
