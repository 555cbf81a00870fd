// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

func (o *options) runCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: apply each new commit of every source",
		Long: `run applies the commits of every source until it is stopped. It watches and polls local
repositories, and polls remote ones. At each drift_interval it compares Vault with the
current commit, and repairs or reports drift as configured. It logs to standard error.

SIGHUP reloads the configuration. The daemon first reads every file that the new
configuration names, opens its audit file and binds its addresses; if anything of it
fails, the daemon keeps the current configuration. SIGTERM and SIGINT stop the daemon
after the current write, and a second one at once.`,
		Example: `  relay-sync run --config /etc/relay-sync/relay-sync.yaml --log-format json`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.run(c.Context(), format) },
	}
	o.configFlag(c)
	c.Flags().StringVar(&format, "log-format", "text", "format of the log: text or json")
	complete(c, "log-format", logFormats)
	return c
}

// gcPercent lowers the memory of the daemon, which is idle most of the time and would
// keep the garbage of a small sync for long, and the peak of a large one.
const gcPercent = 40

// run runs the daemon until ctx ends. SIGHUP reloads the configuration.
func (o *options) run(ctx context.Context, format string) error {
	log, err := o.logger(format)
	if err != nil {
		return err
	}
	current, err := o.prepareFirst(ctx, log)
	if err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	// So that a write to a closed pipe is an error, such as of the audit file, and does
	// not end the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	for current != nil {
		current = o.follow(ctx, current, reload, log)
	}
	log.Info("stopped")
	return nil
}

// follow runs one configuration until ctx ends or the next one is prepared, which it
// returns. The current writes have ended then.
func (o *options) follow(ctx context.Context, current *prepared, reload <-chan os.Signal, log *slog.Logger) (next *prepared) {
	defer o.closeController(current.controller)
	current.endpoints.start(current.cfg.Listen, endpoint.OnlyHosts(current.cfg.StatusHosts(), "hosts", current.controller.Handler()), log)
	current.endpoints.start(current.cfg.ListenWebhooks, current.webhooks, log)
	current.endpoints.startTLS(current.remote.address, current.remote.handler, current.remote.tls, log)
	current.endpoints.start(current.cfg.Socket, current.controller.CommandHandler(), log)
	log.Info("started", "sources", len(current.cfg.Sources), "version", build.Version)
	running, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		current.controller.Run(running, log)
		close(ended)
	}()
	next = o.awaitReload(ctx, reload, current, log)
	cancel()
	<-ended
	if next == nil {
		current.discard(nil)
		return nil
	}
	next.controller.Continue(current.controller)
	current.discard(next.endpoints)
	return next
}

// awaitReload waits until a new configuration is prepared. It returns nil when ctx ends.
func (o *options) awaitReload(ctx context.Context, reload <-chan os.Signal, current *prepared, log *slog.Logger) *prepared {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reload:
			next, err := o.prepareNext(ctx, current, log)
			if err == nil {
				log.Info("configuration reloaded")
				return next
			}
			current.controller.ReloadFailed(err)
			log.Error("reload of the configuration failed, the current configuration stays in use", "err", err)
		}
	}
}

func (o *options) logger(format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(o.stderr, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(o.stderr, nil)), nil
	}
	return nil, fmt.Errorf("invalid --log-format %q: must be text or json", format)
}
