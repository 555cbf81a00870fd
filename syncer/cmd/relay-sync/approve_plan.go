// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// pendingPlan returns what waits of a source: from the daemon, or from a file.
func (o *options) pendingPlan(ctx context.Context, f approveFlags, source string) (plan.Document, error) {
	switch f.plan {
	case "":
		client, err := o.planDaemon(f)
		if err != nil {
			return plan.Document{}, fmt.Errorf("read the plan of source %q: %w", source, err)
		}
		return client.Plan(ctx, source)
	case "-":
		return daemon.FindPlan(os.Stdin, "standard input", source)
	}
	file, err := os.Open(f.plan)
	if err != nil {
		return plan.Document{}, fmt.Errorf("read the plan of source %q: %w", source, err)
	}
	defer file.Close()
	return daemon.FindPlan(file, conffile.Display(f.plan), source)
}

// planDaemon is the client of the daemon that has the plans.
func (o *options) planDaemon(f approveFlags) (*daemon.Client, error) {
	switch {
	case f.url != "":
		if _, err := httpclient.ParseAddress(f.url); err != nil {
			return nil, fmt.Errorf("invalid --url: %w", err)
		}
		return daemon.New(daemon.Settings{URL: f.url})
	case f.socket != "":
		return daemon.New(daemon.Settings{Socket: f.socket})
	}
	cfg, err := config.Read(o.config)
	if err != nil {
		return nil, fmt.Errorf("%w\nHint: without a configuration, name the daemon: --socket PATH or --url URL; or give its plan: --plan FILE", err)
	}
	return daemonOf(cfg)
}

// confirmedOnTerminal is confirmed where standard input has the plan.
func (o *options) confirmedOnTerminal(question string) bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		fmt.Fprintln(o.stderr, "standard input has the plan, and there is no terminal to ask. Hint: add --yes, or give the plan as --plan FILE")
		return false
	}
	defer terminal.Close()
	return o.confirmedBy(terminal, question)
}
