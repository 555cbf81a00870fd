// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/tidy"
)

const maxConfigBytes = 1 << 20

// Config is the controller's configuration file.
type Config struct {
	// Flag is what a printed command needs to find this file.
	Flag plan.ConfigFlag `yaml:"-"`
	// Controller is the name of this installation. It is part of the owner of everything
	// that it writes. Required, unique per Vault.
	Controller string `yaml:"controller"`
	// Vault is the Vault to write to.
	Vault Vault `yaml:"vault"`
	// Audit is a file to which relay-sync appends a line before and after each change of
	// Vault; none if unset. A change whose line cannot be written is not made. The file may
	// be renamed at any time, as logrotate does: the next line goes to a new one. "-" is
	// standard output, for containers; commands whose report goes there write the lines
	// to standard error. A named pipe needs a reader.
	Audit string `yaml:"audit"`
	// Listen is the address of the daemon's HTTP endpoint, such as 127.0.0.1:9460; none
	// if unset. The endpoint shows the names of workflows and secrets, without a login.
	Listen string `yaml:"listen"`
	// Hosts are the host names by which clients reach Listen, such as
	// relay-sync.monitoring.svc. The endpoint answers requests for these names, for
	// localhost and for every IP address, and refuses others: a web page could read it
	// with a name of its own, in the browser of a person who can reach it.
	Hosts []string `yaml:"hosts"`
	// ListenWebhooks is the address at which the daemon accepts deliveries of git hosts,
	// POST /webhook/<source>, such as :9461. It serves nothing else and shows no names,
	// so it may be reachable from outside, behind a proxy that terminates TLS. Required
	// if a source has a webhook.
	ListenWebhooks string `yaml:"listen_webhooks"`
	// Socket is the path of a Unix socket at which the daemon answers relay-sync sync and
	// status, and which other commands use to wake it after a change, such as
	// /run/relay-sync/relay-sync.sock; none if unset. Who can connect to it can ask for
	// syncs and see the names of workflows and secrets.
	Socket string `yaml:"socket"`
	// SocketMode is the permissions of Socket in octal digits: "0600", for the user of the
	// daemon, if unset, or "0660" for its group.
	SocketMode string `yaml:"socket_mode"`
	// RemoteAccess is an address at which relay-sync web on another machine reaches the
	// daemon; none if unset. On the same machine it uses Socket.
	RemoteAccess *RemoteAccess `yaml:"remote_access"`
	// FingerprintKeyFile is a file of keys of 32 bytes or more, such as from `openssl
	// rand -base64 32`, one a line, newest first. With it each record has a fingerprint of
	// the value, so that a file that was only re-encrypted, as by sops rotate, updates
	// records and writes no value; and a MAC of the record itself, so that a record that
	// another writer changed is reported as "record not authentic". The first key makes
	// them, all keys verify them. Run a sync after setting or changing a key, and before
	// the next re-encryption: until then records have no fingerprint. To replace a key,
	// add the new one as first line, sync all sources, and remove the old one once plan
	// names no record that is valid only under an older key.
	// Each sync reads the file again if it has changed. None if unset.
	FingerprintKeyFile string `yaml:"fingerprint_key_file"`
	// Records is "authentic" to treat a record of this controller without a MAC like one
	// with an invalid MAC. Set it after relay-sync adopt --records has signed the records
	// from before the key. Requires FingerprintKeyFile. If unset, records without a MAC
	// are valid.
	Records RecordsPolicy `yaml:"records"`
	// Mirrors is the folder of the mirrors of remote repositories;
	// /var/lib/relay-sync/mirrors if unset. It is a cache: it may be empty at each
	// start.
	Mirrors string `yaml:"mirrors"`
	// Tidy removes the metadata of names that are dead and released; unset for not.
	Tidy *Tidy `yaml:"tidy"`
	// Election lets only one of several replicas follow the sources, or lets them share the
	// sources, by Leases of Kubernetes. If unset, each replica follows all of them, which is safe
	// and costs requests.
	Election *election.Config `yaml:"election"`
	// Web is the web page and the user API of relay-sync web; unset for none. A file with
	// vault and web alone is enough for relay-sync web, which ignores everything else.
	Web *Web `yaml:"web"`
	// Sources are the repositories to follow. At least one.
	Sources []Source `yaml:"sources"`
}

// RecordsPolicy is "authentic" or empty.
type RecordsPolicy string

// AuthenticRecords rejects records without a MAC.
const AuthenticRecords RecordsPolicy = "authentic"

// DefaultFile is the configuration file of a command without --config.
const DefaultFile = "relay-sync.yaml"

// Read reads and checks a configuration file. Paths in the file are relative to its
// directory. Unknown keys are refused. The error lists all problems, with their lines.
func Read(path string) (*Config, error) { return read(path, (*Config).problems) }

// ReadWeb reads and checks a configuration file as Read does, but only the parts that
// relay-sync web uses: vault without credentials, and web, which is required.
func ReadWeb(path string) (*Config, error) { return read(path, (*Config).webProblems) }

// ReadAny reads the file of a daemon, or one with vault and web alone, which has no sources.
// The error is that of Read.
func ReadAny(path string) (*Config, error) {
	cfg, err := Read(path)
	if err != nil {
		if page, notWeb := ReadWeb(path); notWeb == nil && len(page.Sources) == 0 {
			return page, nil
		}
	}
	return cfg, err
}

func read(path string, check func(*Config) problem.List) (*Config, error) {
	data, err := conffile.Read(path, maxConfigBytes)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	directory, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	cfg, problems := parseFor(data, directory, check)
	if len(problems) > 0 {
		return nil, fmt.Errorf("invalid configuration %s:\n  %s", conffile.Display(path), strings.Join(problems, "\n  "))
	}
	if path != DefaultFile {
		cfg.Flag = plan.NewConfigFlag(path)
	}
	return cfg, nil
}

// parse returns the configuration of the daemon, or its problems with their lines.
func parse(data []byte, directory string) (*Config, []string) {
	return parseFor(data, directory, (*Config).problems)
}

func parseFor(data []byte, directory string, check func(*Config) problem.List) (*Config, []string) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, []string{syntaxProblem(err)}
	}
	if problems := typeProblems(&root); len(problems) > 0 {
		return nil, problems
	}
	strict := yaml.NewDecoder(bytes.NewReader(data))
	strict.KnownFields(true)
	var cfg Config
	if err := strict.Decode(&cfg); err != nil {
		return nil, []string{syntaxProblem(err)} // a type error is among typeProblems
	}
	if err := strict.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, []string{"must contain one YAML document; found a second one"}
	}
	cfg.SetDefaults(directory)
	return &cfg, withLines(&root, check(&cfg))
}

// defaultDriftInterval is how often the daemon compares Vault with an unchanged
// commit.
const defaultDriftInterval = 10 * time.Minute

// SetDefaults sets what the file leaves out, and makes relative paths absolute:
// they are relative to the folder.
func (cfg *Config) SetDefaults(folder string) {
	v := &cfg.Vault
	v.Mount = cmp.Or(v.Mount, secrets.DefaultMount)
	v.Prefix = cmp.Or(v.Prefix, secrets.DefaultPrefix)
	v.Concurrency = cmp.Or(v.Concurrency, vaultclient.DefaultConcurrency)
	if cfg.Audit != auditfile.Stdout {
		cfg.Audit = below(folder, cfg.Audit)
	}
	cfg.Socket = below(folder, cfg.Socket)
	cfg.SocketMode = cmp.Or(cfg.SocketMode, "0600")
	if cfg.Election != nil {
		cfg.Election.Kubeconfig = below(folder, cfg.Election.Kubeconfig)
	}
	cfg.FingerprintKeyFile = below(folder, cfg.FingerprintKeyFile)
	cfg.Mirrors = below(folder, cmp.Or(cfg.Mirrors, defaultMirrors))
	for _, path := range append(v.Login.files(), &v.TokenFile, &v.CACert, &v.ClientCert, &v.ClientKey) {
		*path = below(folder, *path)
	}
	if cfg.RemoteAccess != nil {
		for _, path := range cfg.RemoteAccess.files() {
			*path = below(folder, *path)
		}
	}
	if cfg.Web != nil {
		cfg.Web.setDefaults(folder, cfg.Socket)
	}
	if cfg.Tidy != nil {
		cfg.Tidy.After = cmp.Or(cfg.Tidy.After, tidy.DefaultAfter)
		for _, path := range cfg.Tidy.Login.files() {
			*path = below(folder, *path)
		}
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		s.Drift = cmp.Or(s.Drift, plan.Heal)
		s.History = cmp.Or(s.History, s.defaultHistory())
		s.DriftInterval = cmp.Or(s.DriftInterval, defaultDriftInterval)
		s.Limits = s.Limits.withDefaults()
		s.setDefaults(folder)
		s.setHookPaths(folder)
		keys := s.Keyring() // shares its parts with s
		for _, path := range keys.Files() {
			*path = below(folder, *path)
		}
	}
}

func below(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
