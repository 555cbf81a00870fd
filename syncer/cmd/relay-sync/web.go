// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web"
)

func (o *options) webCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "web",
		Short: "Serve the web page and the user API",
		Long: `web serves a page on which people add, replace and delete secrets of workflows, approve
planned changes, and see the state of workflows and sources; and below /api the API of
Relay, for its command line. People log in with their own Vault identity, and every
request to Vault has their token: web needs no Vault token and no key. It reads vault and
web of the configuration, and the state of the daemon at its socket. It logs to standard
error. SIGTERM and SIGINT stop it. A restart ends all sessions.`,
		Example: `  relay-sync web --config /etc/relay-sync/web.yaml --log-format json`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.serveWeb(c.Context(), format) },
	}
	o.configFlag(c)
	c.Flags().StringVar(&format, "log-format", "text", "format of the log: text or json")
	complete(c, "log-format", logFormats)
	return c
}

// serveWeb serves the page until ctx ends.
func (o *options) serveWeb(ctx context.Context, format string) error {
	log, err := o.logger(format)
	if err != nil {
		return err
	}
	cfg, err := config.ReadWeb(o.config)
	if err != nil {
		return err
	}
	for _, warning := range cfg.Web.Warnings() {
		log.Warn(warning)
	}
	audit, err := syncer.OpenAudit(cfg.Web.Audit, whoami(), auditfile.Streams{Out: o.stdout, Err: o.stderr})
	if err != nil {
		return err
	}
	defer func() { _ = audit.Close() }() // each line is on disk
	page, err := web.New(cfg, audit, log, "relay-sync/"+build.Version)
	if err != nil {
		return err
	}
	serve := (*endpoint.Server).Serve
	if cfg.Web.CertFile != "" {
		secure, err := endpoint.TLS(cfg.Web.CertFile, cfg.Web.KeyFile, log)
		if err != nil {
			return fmt.Errorf("web.cert_file: %w", err)
		}
		serve = func(s *endpoint.Server, l net.Listener) error { return s.ServeTLS(l, secure) }
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Web.Listen)
	if err != nil {
		return fmt.Errorf("web.listen: %w", err)
	}
	debug.SetGCPercent(gcPercent)
	server := endpoint.NewServer(page.Handler(), web.Limits, log)
	go page.Check(ctx)
	log.Info("started", "address", listener.Addr().String(), "version", build.Version)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := serve(server, listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	log.Info("stopped")
	return nil
}
