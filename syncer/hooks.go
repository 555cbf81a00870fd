// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"maps"
	"net"
	"net/http"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// placeHooks makes paths relative to the configuration's folder.
func (s *Source) placeHooks(folder string) {
	if s.Webhook != nil {
		s.Webhook.SecretFile = below(folder, s.Webhook.SecretFile)
	}
}

// hooks checks what connects the sources with their git hosts.
func (c *configCheck) hooks(cfg *Config) {
	for i, s := range cfg.Sources {
		if s.Webhook == nil {
			continue
		}
		problems := s.Webhook.Problems()
		for _, key := range slices.Sorted(maps.Keys(problems)) {
			c.refuse(problems[key], "sources", i, "webhook", key)
		}
	}
	_, _, err := net.SplitHostPort(cfg.ListenWebhooks)
	switch hooked := len(cfg.webhooks()) > 0; {
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

func (cfg *Config) webhooks() map[string]webhook.Config {
	out := map[string]webhook.Config{}
	for _, s := range cfg.Sources {
		if s.Webhook != nil {
			out[s.Name] = *s.Webhook
		}
	}
	return out
}

// CheckFiles reads the files that Run needs beside the sources' own, so that a
// configuration takes over only with them. The error lists all that is wrong.
func (cfg *Config) CheckFiles() error {
	_, err := webhook.New(cfg.webhooks(), func(string) {}, nil)
	return err
}

// Webhooks serves POST /webhook/<source>: authentic deliveries are hints. Unlike
// Handler it tells nothing, so it may be reachable from outside. Call it once.
func (c *Controller) Webhooks() (http.Handler, error) {
	return webhook.New(c.cfg.webhooks(), c.Hint, c.registry)
}
