// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package daemon

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Status requests the state of each source.
func (c *Client) Status(ctx context.Context) (out report.Daemon, err error) {
	err = c.get(ctx, c.small, "request the status", "/status", &out)
	return out, err
}

// Inventory requests what the daemon knows of the secrets and connections.
func (c *Client) Inventory(ctx context.Context) (report.Inventory, error) {
	return c.inventory(ctx, "")
}

// Summary requests the inventory without the lists of secrets and references.
func (c *Client) Summary(ctx context.Context) (report.Inventory, error) {
	return c.inventory(ctx, "?summary")
}

// Workflow requests the inventory of one workflow and of the connections that it uses. It
// has no workflow if no source lists it.
func (c *Client) Workflow(ctx context.Context, name string) (report.Inventory, error) {
	return c.inventory(ctx, "?"+url.Values{"workflow": {name}}.Encode())
}

func (c *Client) inventory(ctx context.Context, query string) (out report.Inventory, err error) {
	err = c.get(ctx, c.large, "request the inventory", "/inventory"+query, &out)
	return out, err
}

// Activity requests the last changes, newest first.
func (c *Client) Activity(ctx context.Context) (out report.Activity, err error) {
	err = c.get(ctx, c.small, "request the activity", "/activity", &out)
	return out, err
}

// wakeTimeout limits a request that a person waits for and whose failure does not matter.
const wakeTimeout = 5 * time.Second

// Changed lets the daemon sync sources soon, all if none is named, because Vault was
// changed. Most callers ignore the error: the daemon notices by itself, later.
func (c *Client) Changed(ctx context.Context, sources ...string) error {
	ctx, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	response, err := c.post(ctx, "/changed", url.Values{"source": sources})
	if err != nil {
		return fmt.Errorf("wake the daemon: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusUnauthorized:
		return fmt.Errorf("wake the daemon at %s: %w", c.at, errToken)
	}
	return fmt.Errorf("wake the daemon at %s: %s", c.at, refusal(response))
}

// refusal is the text with which the daemon refuses a request.
func refusal(response *http.Response) string {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	return foreign.Short(strings.TrimSpace(string(text)))
}

// SyncRequest is what a sync prints, and of which sources.
type SyncRequest struct {
	// Sources are names; none means all.
	Sources []string
	// Output is "json", or else for text, with Color.
	Output string
	Color  bool
}

// Sync asks the daemon for syncs, waits for them, and writes the report. Only
// the socket of the daemon serves it.
func (c *Client) Sync(ctx context.Context, ask SyncRequest, to io.Writer) (report.Outcome, error) {
	query := url.Values{"source": ask.Sources, "output": {ask.Output}}
	if ask.Color {
		query.Set("color", "true")
	}
	response, err := c.post(ctx, "/sync", query)
	if err != nil {
		return report.Failed, fmt.Errorf("request a sync: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return report.Failed, fmt.Errorf("request a sync at %s: %s", c.at, refusal(response))
	}
	outcome, err := strconv.Atoi(response.Header.Get(report.OutcomeHeader))
	if err != nil {
		return report.Failed, fmt.Errorf("request a sync at %s: the answer is not from relay-sync", c.at)
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return report.Failed, fmt.Errorf("print the report: %w", err)
	}
	return report.Outcome(outcome), nil
}
