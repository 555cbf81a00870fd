// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) syncCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sync",
		Short: "Ask the running daemon to sync now",
		Long: `sync asks the daemon on this machine, on the socket of the configuration, to sync the
sources now, and prints what it did. The daemon fetches, reads its files again and
compares with Vault, also if the commit is unchanged. Use it to see at once whether the
cause of a problem is gone. The exit codes are those of apply.

sync needs no decryption key and no Vault token: the daemon has them. Without a daemon,
use apply.`,
		Example: `  sudo -u relay-sync relay-sync sync --config /etc/relay-sync/relay-sync.yaml --source shop`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.syncNow(c.Context()) },
	}
	o.configFlags(c)
	return c
}

// syncNow asks the daemon for syncs and prints its answer.
func (o *options) syncNow(ctx context.Context) error {
	cfg, err := config.Read(o.config)
	if err != nil {
		return err
	}
	if cfg.Socket == "" {
		return errors.New("request a sync: socket is not set in the configuration. Hint: set socket, such as /run/relay-sync/relay-sync.sock, and send SIGHUP to relay-sync run")
	}
	client, err := daemon.New(daemon.Settings{Socket: cfg.Socket})
	if err != nil {
		return err
	}
	outcome, err := client.Sync(ctx, daemon.SyncRequest{Sources: o.sources, Output: o.output, Color: wantsColor(o.stdout)}, o.stdout)
	if err != nil {
		return err
	}
	if outcome != report.Clean {
		return exitError{outcome}
	}
	return nil
}

// changed wakes the daemon of this machine, if it runs, after a command that changed
// Vault. A failure does not matter: the daemon notices by itself, later.
func (o *options) changed(ctx context.Context, cfg *config.Config) {
	wake(ctx, cfg.Socket, o.sources...)
}

// wake asks the daemon at a socket, if there is one, to sync sources.
func wake(ctx context.Context, socket string, sources ...string) {
	if socket == "" {
		return
	}
	if client, err := daemon.New(daemon.Settings{Socket: socket}); err == nil {
		_ = client.Changed(ctx, sources...)
	}
}
