// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

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
func (c *configCheck) hooks(cfg *Config) {
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

func (c *configCheck) notify(i int, s Source) {
	if len(s.Notify) > notify.MaxTargets {
		c.refuse(fmt.Sprintf("notify has more than %d targets", notify.MaxTargets), "sources", i, "notify")
	}
	for j, target := range s.Notify {
		for _, problem := range target.Problems() {
			c.refuse(problem, "sources", i, "notify", j)
		}
	}
}

func (cfg *Config) notifications() map[string][]notify.Config {
	out := map[string][]notify.Config{}
	for _, s := range cfg.Sources {
		out[s.Name] = s.Notify
	}
	return out
}

// CheckFiles reads the files that OpenHooks needs, so that a configuration takes
// over only with them. The error lists all that is wrong.
func (cfg *Config) CheckFiles() error {
	_, webhookErr := webhook.New(cfg.webhooks(), func(string) {}, nil)
	_, notifyErr := notify.New(cfg.notifications(), nil)
	_, electionErr := cfg.candidate()
	return errors.Join(webhookErr, notifyErr, electionErr)
}

// OpenHooks opens what connects the daemon with the world beside git and Vault: Run
// takes part in the election and sends notifications from then on, and the handler
// takes POST /webhook/<source>, of which authentic ones are hints. Unlike Handler
// it tells nothing, so it may be reachable from outside. Call it once, before Run.
func (c *Controller) OpenHooks() (webhooks http.Handler, err error) {
	if c.notifier, err = notify.New(c.cfg.notifications(), c.registry); err != nil {
		return nil, err
	}
	if c.candidate, err = c.cfg.candidate(); err != nil {
		return nil, err
	}
	return webhook.New(c.cfg.webhooks(), c.Hint, c.registry)
}

// startNotifying sends what notify is given until stop is called, and then what
// still waits, for some seconds.
func (c *Controller) startNotifying(ctx context.Context, log *slog.Logger) (stop func()) {
	if c.notifier == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var sender sync.WaitGroup
	sender.Go(func() { c.notifier.Run(ctx, log) })
	return func() {
		cancel()
		sender.Wait()
	}
}

// notify tells of a round that carried out its plan, or did not come so far.
func (c *Controller) notify(r Report) {
	if c.notifier != nil {
		c.notifier.Send(r.event(c.cfg.Controller))
	}
}

// event is what others are told of a round. Drift that is left as configured is
// not the revision's failure.
func (r Report) event(controller string) notify.Event {
	s := r.Summary()
	return notify.Event{
		Controller: controller, Source: r.Source, Branch: strings.TrimPrefix(r.Branch, "tag "), Commit: string(r.Commit),
		Applied: r.Outcome() != Failed, Problems: r.problems(), Time: time.Now(),
		Counts: notify.Counts{
			Written: s.Add + s.Change + s.Repair + s.Adopt, Deleted: s.Delete + s.Release, Unchanged: s.Unchanged,
			Blocked: s.Blocked, Drifted: s.Drifted, Failed: s.Failed,
		},
	}
}
