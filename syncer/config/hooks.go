// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"strconv"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// setHookPaths makes paths relative to the configuration's folder.
func (s *Source) setHookPaths(folder string) {
	if s.Webhook != nil {
		s.Webhook.SecretFile = below(folder, s.Webhook.SecretFile)
	}
	for _, target := range s.Notify {
		for _, path := range target.Files() {
			*path = below(folder, *path)
		}
	}
}

func (cfg *Config) checkListenWebhooks() error {
	switch needed := len(cfg.Webhooks()) > 0; {
	case cfg.ListenWebhooks == "" && needed:
		return errors.New("is required, because a source has a webhook; an address for the deliveries, such as :9461")
	case cfg.ListenWebhooks == "":
	case !listenable(cfg.ListenWebhooks):
		return errors.New("must be an address and a port, such as :9461")
	case !needed:
		return errors.New("must not be set: no source has a webhook")
	case cfg.ListenWebhooks == cfg.Listen:
		return errors.New("must be a different address from listen, which returns names to every client")
	}
	return nil
}

// hostName is a host name of DNS, without a port. The last part of an IPv4 address is a
// number.
var hostName = lazyregexp.New(`^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)*[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

func (cfg *Config) hostsProblems(out *problem.List) {
	out.AddIf(len(cfg.Hosts) > 0 && cfg.Listen == "", "hosts", "must not be set without listen")
	for i, name := range cfg.Hosts {
		out.AddIf(!hostName.MatchString(name), problem.Index("hosts", i), "must be a host name without a port, such as relay-sync.example.com; IP addresses are always allowed")
	}
}

// StatusHosts are the host names for which the endpoint at Listen answers requests.
func (cfg *Config) StatusHosts() []string {
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil || host == "" {
		return cfg.Hosts
	}
	return append(slices.Clone(cfg.Hosts), host)
}

// maxSocketPath is below the limit of the operating systems, 103 or 107 bytes.
const maxSocketPath = 100

func (cfg *Config) socketProblems(out *problem.List) {
	out.AddIf(len(cfg.Socket) > maxSocketPath, "socket", "must be a path of at most %d bytes", maxSocketPath)
	mode := cfg.SocketPermissions()
	out.AddIf(mode == 0 || mode&^0o660 != 0, "socket_mode", `must be "0600" or "0660"`)
}

// SocketPermissions is SocketMode; 0 if that is invalid.
func (cfg *Config) SocketPermissions() fs.FileMode {
	mode, err := strconv.ParseUint(cfg.SocketMode, 8, 9)
	if err != nil {
		return 0
	}
	return fs.FileMode(mode)
}

// Webhooks are the webhooks by source.
func (cfg *Config) Webhooks() map[string]webhook.Config {
	out := map[string]webhook.Config{}
	for _, s := range cfg.Sources {
		if s.Webhook != nil {
			out[s.Name] = *s.Webhook
		}
	}
	return out
}

// Notifications are the targets of notifications by source.
func (cfg *Config) Notifications() map[string][]notify.Config {
	out := map[string][]notify.Config{}
	for _, s := range cfg.Sources {
		out[s.Name] = s.Notify
	}
	return out
}

// Warnings returns one warning for each credential file that every user of the
// machine can read.
func (cfg *Config) Warnings() []string {
	out := append(cfg.Vault.Settings("").Warnings(), conffile.Warnings(cfg.FingerprintKeyFile)...)
	if cfg.Election != nil {
		out = append(out, cfg.Election.Warnings()...)
	}
	if r := cfg.RemoteAccess; r != nil {
		out = append(out, conffile.Warnings(r.KeyFile, r.TokenFile)...)
	}
	for _, s := range cfg.Sources {
		keys := s.Keyring()
		out = append(out, s.Remote.Access().Warnings()...)
		out = append(out, keys.Warnings()...)
		if s.Webhook != nil {
			out = append(out, s.Webhook.Warnings()...)
		}
		for _, target := range s.Notify {
			out = append(out, target.Warnings()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out) // sources can share a file
}
