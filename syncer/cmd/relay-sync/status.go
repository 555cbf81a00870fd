// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
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
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.status(c.Context(), socket) },
	}
	c.Flags().StringVarP(&o.config, "config", "c", config.DefaultFile, "path of the configuration file")
	c.Flags().StringVar(&socket, "socket", "", "path of the daemon's socket, instead of the configuration")
	c.MarkFlagsMutuallyExclusive("config", "socket")
	return c
}

// maxStatusBytes limits the answer of the daemon.
const maxStatusBytes = 16 << 20

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
	response, at, err := requestStatus(ctx, cfg)
	if err != nil {
		return fmt.Errorf("request the status: %w", err)
	}
	defer response.Body.Close()
	var answer report.Daemon
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("request the status at %s: the answer is not from relay-sync", at)
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

// requestStatus asks the daemon for its status at its socket, or else at its address.
func requestStatus(ctx context.Context, cfg *config.Config) (response *http.Response, at string, err error) {
	switch {
	case cfg.Socket != "":
		response, err = onSocket(ctx, cfg.Socket, http.MethodGet, "/status")
		return response, cfg.Socket, err
	case cfg.Listen == "":
		return nil, "", errors.New("neither socket nor listen is set in the configuration. Hint: set socket, such as /run/relay-sync/relay-sync.sock")
	}
	if response, err = get(ctx, "http://"+cfg.Listen+"/status"); err != nil {
		err = fmt.Errorf("%s: no answer. Hint: check that relay-sync run is running", cfg.Listen)
	}
	return response, cfg.Listen, err
}

// get sends a request to an endpoint of the daemon.
func get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client, err := httpclient.New(httpclient.Settings{MaxResponseBytes: maxStatusBytes})
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}

func (o *options) writeStatus(cfg *config.Config, daemon report.Daemon) error {
	if o.output != "json" {
		return o.text(cfg).WriteStatus(daemon, time.Now())
	}
	fields := map[string]any{"sources": daemon.Sources, "standby": daemon.Standby}
	if daemon.ReloadFailure != nil {
		fields["reload_failure"] = daemon.ReloadFailure
	}
	return render.Document(o.stdout, fields)
}
