// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func (o *options) runCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: apply each new commit of every source",
		Long: `run applies the commits of every source until it is stopped. It watches and polls local
repositories, and polls remote ones. At each drift_interval it compares Vault with the
current commit, and repairs or reports drift as configured. It logs to standard error.

SIGHUP reloads the configuration; if the new configuration is invalid, the daemon keeps
the current one. SIGTERM and SIGINT stop the daemon after the current write.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context(), format) },
	}
	c.Flags().StringVarP(&o.config, "config", "c", config.DefaultFile, "path of the configuration file")
	c.Flags().StringVar(&format, "log-format", "text", "format of the log: text or json")
	return c
}

// gcPercent lowers the memory of the daemon, which is idle most of the time and would
// keep the garbage of a sync for long: with 10,000 secrets to 110 MB from 130 MB (make
// bench).
const gcPercent = 40

// run runs the daemon until ctx ends. SIGHUP reloads the configuration. A valid new
// configuration is used after the current writes have ended; an invalid one is logged.
func (o *options) run(ctx context.Context, format string) error {
	log, err := o.logger(format)
	if err != nil {
		return err
	}
	cfg, err := o.readForRun()
	if err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	for cfg != nil {
		if cfg, err = o.follow(ctx, cfg, reload, log); err != nil {
			return err
		}
	}
	log.Info("stopped")
	return nil
}

// readForRun reads a configuration and checks the files that it names.
func (o *options) readForRun() (*config.Config, error) {
	cfg, err := config.Read(o.config)
	if err != nil {
		return nil, err
	}
	return cfg, cfg.CheckFiles()
}

// follow runs one configuration until ctx ends or a reload succeeds. It returns the new
// configuration, or nil.
func (o *options) follow(ctx context.Context, cfg *config.Config, reload <-chan os.Signal, log *slog.Logger) (*config.Config, error) {
	controller := syncer.New(cfg, version)
	controller.Warn = func(text string) { log.Warn(text) }
	audit, err := syncer.OpenAudit(cfg.Audit, whoami(), auditfile.Streams{Out: o.stdout, Err: o.stderr})
	if err != nil {
		return nil, err
	}
	controller.Audit = audit
	defer audit.Close()
	defer o.closeController(controller)
	stop, err := serve(ctx, "the status endpoint", cfg.Listen, controller.Handler(), log)
	if err != nil {
		return nil, err
	}
	defer stop()
	webhooks, err := controller.OpenHooks()
	if err != nil {
		return nil, err
	}
	stopWebhooks, err := serve(ctx, "the webhook endpoint", cfg.ListenWebhooks, webhooks, log)
	if err != nil {
		return nil, err
	}
	defer stopWebhooks()
	log.Info("started", "sources", len(cfg.Sources), "version", version)
	running, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		controller.Run(running, log)
		close(ended)
	}()
	next := o.awaitReload(ctx, reload, controller, log)
	cancel()
	<-ended
	return next, nil
}

// awaitReload waits for a valid new configuration. It returns nil when ctx ends.
func (o *options) awaitReload(ctx context.Context, reload <-chan os.Signal, running *syncer.Controller, log *slog.Logger) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reload:
			next, err := o.readForRun()
			if err == nil {
				log.Info("configuration reloaded")
				return next
			}
			running.ReloadFailed()
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

// serve serves HTTP requests at an address until stop is called. It does nothing for an
// empty address.
func serve(ctx context.Context, what, address string, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", what, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("endpoint failed", "endpoint", what, "err", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}
