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
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the state of each source of the running daemon",
		Long: `status requests the state of each source from the daemon, at the socket of the
configuration or else at its listen address. It exits with code 0 if every source is in
sync or suspended, or the daemon is on standby, with code 2 if drift was only reported,
and otherwise with code 1.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.status(c.Context()) },
	}
	c.Flags().StringVarP(&o.config, "config", "c", config.DefaultFile, "path of the configuration file")
	return c
}

// maxStatusBytes limits the answer of the daemon.
const maxStatusBytes = 16 << 20

// status requests the status of the daemon and prints it.
func (o *options) status(ctx context.Context) error {
	cfg, err := config.Read(o.config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	response, at, err := requestStatus(ctx, cfg)
	if err != nil {
		return fmt.Errorf("request the status: %w", err)
	}
	defer response.Body.Close()
	var answer struct {
		Sources []report.Status
		Standby bool
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("request the status at %s: the answer is not from relay-sync", at)
	}
	if err := o.writeStatus(cfg, answer.Sources, answer.Standby); err != nil {
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Listen+"/status", nil)
	if err != nil {
		return nil, "", err
	}
	client, err := httpclient.New(httpclient.Settings{MaxResponseBytes: maxStatusBytes})
	if err != nil {
		return nil, "", err
	}
	if response, err = client.Do(request); err != nil {
		err = fmt.Errorf("%s: no answer. Hint: check that relay-sync run is running", cfg.Listen)
	}
	return response, cfg.Listen, err
}

func (o *options) writeStatus(cfg *config.Config, all []report.Status, standby bool) error {
	if o.output == "json" {
		return render.Document(o.stdout, map[string]any{"sources": all, "standby": standby})
	}
	if standby {
		_, err := fmt.Fprintln(o.stdout, "standby: another replica is the leader and follows the sources")
		return err
	}
	return o.text(cfg).WriteStatus(all, time.Now())
}
