// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// placeHooks makes paths relative to the configuration's folder.
func (s *Source) placeHooks(folder string) {
	if s.Webhook != nil {
		s.Webhook.SecretFile = below(folder, s.Webhook.SecretFile)
	}
	for _, target := range s.Notify {
		for _, path := range target.Files() {
			*path = below(folder, *path)
		}
	}
}

// hooks checks what connects the daemon with the world beside git and Vault.
func (c *check) hooks(cfg *Config) {
	for i, s := range cfg.Sources {
		c.notify(i, s)
		if s.Webhook == nil {
			continue
		}
		problems := s.Webhook.Problems()
		for _, key := range slices.Sorted(maps.Keys(problems)) {
			c.refuse(problems[key], "sources", i, "webhook", key)
		}
	}
	if cfg.Election != nil {
		problems := cfg.Election.Problems()
		for _, key := range slices.Sorted(maps.Keys(problems)) {
			c.refuse(problems[key], "election", key)
		}
	}
	_, _, err := net.SplitHostPort(cfg.ListenWebhooks)
	switch hooked := len(cfg.Webhooks()) > 0; {
	case cfg.ListenWebhooks == "" && hooked:
		c.refuse("listen_webhooks is missing: an address for the deliveries, such as :9461", "sources")
	case cfg.ListenWebhooks == "":
	case err != nil:
		c.refuse("listen_webhooks must be an address and a port, such as :9461", "listen_webhooks")
	case !hooked:
		c.refuse("listen_webhooks is set, but no source has a webhook", "listen_webhooks")
	case cfg.ListenWebhooks == cfg.Listen:
		c.refuse("listen_webhooks must be another address than listen, which tells names to whoever asks", "listen_webhooks")
	}
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

// notify checks the targets of notifications of a source.
func (c *check) notify(i int, s Source) {
	if len(s.Notify) > notify.MaxTargets {
		c.refuse(fmt.Sprintf("notify has more than %d targets", notify.MaxTargets), "sources", i, "notify")
	}
	for j, target := range s.Notify {
		for _, problem := range target.Problems() {
			c.refuse(problem, "sources", i, "notify", j)
		}
	}
}

// Notifications are the targets of notifications by source.
func (cfg *Config) Notifications() map[string][]notify.Config {
	out := map[string][]notify.Config{}
	for _, s := range cfg.Sources {
		out[s.Name] = s.Notify
	}
	return out
}

// CheckFiles reads the files that OpenHooks needs, so that a configuration takes
// over only with them. The error lists all that is wrong.
func (cfg *Config) CheckFiles() error {
	_, webhookErr := webhook.New(cfg.Webhooks(), func(string) {}, nil)
	_, notifyErr := notify.New(cfg.Notifications(), nil)
	var electionErr error
	if cfg.Election != nil {
		_, electionErr = election.New(*cfg.Election)
	}
	return errors.Join(webhookErr, notifyErr, electionErr)
}
