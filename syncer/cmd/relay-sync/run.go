// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func (o *options) runCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "run",
		Short: "Follow the repositories and apply each commit as it comes",
		Long: `run applies the commits of every source until it is told to stop: local
repositories are watched, and polled as well; remote ones are polled. It compares Vault with an unchanged
commit from time to time, and repairs or reports drift as configured. It logs to
standard error. SIGHUP reads the configuration again and takes it only if it is
valid. SIGTERM and SIGINT end it after the write under way.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context(), format) },
	}
	c.Flags().StringVarP(&o.config, "config", "c", "relay-sync.yaml", "the configuration file")
	c.Flags().StringVar(&format, "log-format", "text", "text or json")
	return c
}

// gcPercent trades a little time for memory: a daemon is idle most of the time, and
// what a comparison with Vault leaves behind would stay for long. With 10,000 secrets it
// is 110 MB in place of 130 (make bench).
const gcPercent = 40

// run follows until ctx ends. SIGHUP reads the configuration again: a valid one
// takes over once the writes under way have ended, any other is logged and left.
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
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for cfg != nil {
		if cfg, err = o.follow(ctx, cfg, hangup, log); err != nil {
			return err
		}
	}
	log.Info("stopped")
	return nil
}

// readForRun reads a configuration, and what it needs beside the sources' own files.
func (o *options) readForRun() (*config.Config, error) {
	cfg, err := config.Read(o.config)
	if err != nil {
		return nil, err
	}
	return cfg, cfg.CheckFiles()
}

// follow runs one configuration until ctx ends, or until another takes over,
// which it returns.
func (o *options) follow(ctx context.Context, cfg *config.Config, hangup <-chan os.Signal, log *slog.Logger) (*config.Config, error) {
	controller := syncer.New(cfg, version)
	controller.Warn = func(text string) { log.Warn(text) }
	audit, err := syncer.OpenAudit(cfg.Audit, whoami())
	if err != nil {
		return nil, err
	}
	controller.Audit = audit
	defer audit.Close()
	defer o.closeDown(controller)
	stop, err := serve(ctx, "status requests", cfg.Listen, controller.Handler(), log)
	if err != nil {
		return nil, err
	}
	defer stop()
	webhooks, err := controller.OpenHooks()
	if err != nil {
		return nil, err
	}
	stopWebhooks, err := serve(ctx, "webhooks", cfg.ListenWebhooks, webhooks, log)
	if err != nil {
		return nil, err
	}
	defer stopWebhooks()
	log.Info("following", "sources", len(cfg.Sources), "version", version)
	running, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		controller.Run(running, log)
		close(ended)
	}()
	next := o.awaitReload(ctx, hangup, controller, log)
	cancel()
	<-ended
	return next, nil
}

// awaitReload waits for a valid new configuration; nil when ctx has ended.
func (o *options) awaitReload(ctx context.Context, hangup <-chan os.Signal, running *syncer.Controller, log *slog.Logger) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			next, err := o.readForRun()
			if err == nil {
				log.Info("configuration reloaded")
				return next
			}
			running.ReloadFailed()
			log.Error("configuration not reloaded, the old one stays", "err", err)
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
	return nil, fmt.Errorf("--log-format %s: expected text or json", format)
}

// serve answers what comes to the address until stop is called; an empty one is none.
func serve(ctx context.Context, what, address string, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for %s: %w", what, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("endpoint ended", "for", what, "err", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}

func (o *options) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Ask the running daemon how each source stands",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.status(c.Context()) },
	}
	c.Flags().StringVarP(&o.config, "config", "c", "relay-sync.yaml", "the configuration file")
	return c
}

// maxStatusBytes bounds the answer of a daemon.
const maxStatusBytes = 16 << 20

// status asks the daemon of this configuration. It exits 0 where all is applied,
// or the daemon stands by for another, and 1 otherwise.
func (o *options) status(ctx context.Context) error {
	cfg, err := config.Read(o.config)
	if err != nil {
		return err
	}
	if cfg.Listen == "" {
		return errors.New("the configuration has no listen address, so no daemon can be asked; set listen, such as 127.0.0.1:9460")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Listen+"/status", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the daemon at %s: no answer; is relay-sync run running?", cfg.Listen)
	}
	defer response.Body.Close()
	var answer struct {
		Sources []syncer.Status
		Standby bool
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxStatusBytes)).Decode(&answer); err != nil {
		return fmt.Errorf("asking the daemon at %s: the answer is not relay-sync's", cfg.Listen)
	}
	if err := o.writeStatus(answer.Sources, answer.Standby); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	if answer.Standby {
		return nil
	}
	for _, s := range answer.Sources {
		if !s.Settled() {
			return exitError{syncer.Failed}
		}
	}
	return nil
}

func (o *options) writeStatus(all []syncer.Status, standby bool) error {
	if o.output == "json" {
		encoder := json.NewEncoder(o.stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"sources": all, "standby": standby})
	}
	if standby {
		_, err := fmt.Fprintln(o.stdout, "standing by: another replica is elected and follows the sources")
		return err
	}
	return syncer.NewText(o.stdout, wantsColor(o.stdout)).WriteStatus(all, time.Now())
}
