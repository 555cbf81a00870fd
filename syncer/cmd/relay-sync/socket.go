// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
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
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.syncNow(c.Context()) },
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
	query := url.Values{"source": o.sources, "output": {o.output}}
	if wantsColor(o.stdout) {
		query.Set("color", "true")
	}
	response, err := onSocket(ctx, cfg.Socket, http.MethodPost, "/sync?"+query.Encode())
	if err != nil {
		return fmt.Errorf("request a sync: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		return fmt.Errorf("request a sync at %s: %s", conffile.Display(cfg.Socket), foreign.Short(strings.TrimSpace(string(text))))
	}
	outcome, err := strconv.Atoi(response.Header.Get(syncer.OutcomeHeader))
	if err != nil {
		return fmt.Errorf("request a sync at %s: the answer is not from relay-sync", conffile.Display(cfg.Socket))
	}
	if _, err := io.Copy(o.stdout, response.Body); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if report.Outcome(outcome) != report.Clean {
		return exitError{report.Outcome(outcome)}
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
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	response, err := onSocket(ctx, socket, http.MethodPost, "/changed?"+url.Values{"source": sources}.Encode())
	if err == nil {
		_ = response.Body.Close()
	}
}

// onSocket sends a request to the daemon at a socket. The error begins with the socket.
func onSocket(ctx context.Context, socket, method, target string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://relay-sync"+target, nil)
	if err != nil {
		return nil, err
	}
	client, err := httpclient.New(httpclient.Settings{Socket: socket, MaxResponseBytes: maxStatusBytes})
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: permission denied. Hint: run the command as the user of the daemon, or set socket_mode", conffile.Display(socket))
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", conffile.Display(socket), ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("%s: no answer. Hint: check that relay-sync run is running", conffile.Display(socket))
	}
	return response, nil
}
