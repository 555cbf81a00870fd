// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) statusCommand() *cobra.Command {
	var socket string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the state of each source of the running daemon",
		Long: `status requests the state of each source from the daemon, at the socket of the
configuration or else at its listen address. It exits with code 0 if every source is in
sync or suspended, or the daemon is on standby, with code 2 if drift was only reported,
and otherwise with code 1. After a failed reload it also shows the cause.

With --socket, status reads no configuration, so it works while that is invalid.`,
		Example: `  relay-sync status --config /etc/relay-sync/relay-sync.yaml
  relay-sync status --socket /run/relay-sync/relay-sync.sock -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.status(c.Context(), socket) },
	}
	o.configFlag(c)
	c.Flags().StringVar(&socket, "socket", "", "path of the daemon's socket, instead of the configuration")
	c.MarkFlagsMutuallyExclusive("config", "socket")
	return c
}

// status requests the status of the daemon and prints it.
func (o *options) status(ctx context.Context, socket string) error {
	cfg, err := &config.Config{Socket: socket}, error(nil)
	if socket == "" {
		cfg, err = config.Read(o.config)
	}
	if err != nil {
		return fmt.Errorf("%w\nHint: to ask a running daemon anyway, name its socket: relay-sync status --socket /run/relay-sync/relay-sync.sock", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client, err := daemonOf(cfg)
	if err != nil {
		return fmt.Errorf("request the status: %w", err)
	}
	answer, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if err := o.writeStatus(cfg, answer); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	if answer.Standby {
		return nil
	}
	if outcome := report.Worst(answer.Sources); outcome != report.Clean {
		return exitError{outcome}
	}
	return nil
}

// daemonOf is the client of the daemon at its socket, or else at its address.
func daemonOf(cfg *config.Config) (*daemon.Client, error) {
	switch {
	case cfg.Socket != "":
		return daemon.New(daemon.Settings{Socket: cfg.Socket})
	case cfg.Listen == "":
		return nil, errors.New("neither socket nor listen is set in the configuration. Hint: set socket, such as /run/relay-sync/relay-sync.sock")
	}
	return daemon.New(daemon.Settings{Listen: cfg.Listen})
}

func (o *options) writeStatus(cfg *config.Config, answer report.Daemon) error {
	if o.output != "json" {
		return o.text(cfg).WriteStatus(answer, time.Now())
	}
	fields := map[string]any{"sources": answer.Sources, "standby": answer.Standby}
	if answer.ReloadFailure != nil {
		fields["reload_failure"] = answer.ReloadFailure
	}
	return render.Document(o.stdout, fields)
}
