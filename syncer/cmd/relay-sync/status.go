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
		Long: `status requests the state of each source from the daemon at the listen address of the
configuration. It exits with code 0 if every source is in sync or suspended, or the
daemon is on standby, with code 2 if drift was only reported, and otherwise with code 1.`,
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
	if cfg.Listen == "" {
		return errors.New("request the status: listen is not set in the configuration. Hint: set listen, such as 127.0.0.1:9460")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Listen+"/status", nil)
	if err != nil {
		return err
	}
	client, err := httpclient.New(httpclient.Settings{MaxResponseBytes: maxStatusBytes})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("request the status at %s: no answer. Hint: check that relay-sync run is running", cfg.Listen)
	}
	defer response.Body.Close()
	var answer struct {
		Sources []report.Status
		Standby bool
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("request the status at %s: the answer is not from relay-sync", cfg.Listen)
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
