// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// closeTimeout limits the revocation of tokens: Terraform kills a provider two seconds
// after it asks it to stop.
const closeTimeout = 1500 * time.Millisecond

// Options are what Serve needs.
type Options struct {
	// Version is the version of the release.
	Version string
	// Debug waits for a debugger and prints how to attach Terraform.
	Debug bool
	// Quiet writes no log while the provider serves.
	Quiet bool
}

// Serve serves the provider until Terraform stops it, then revokes the tokens of its
// logins.
func Serve(ctx context.Context, o Options) error {
	p := &relayProvider{version: o.Version, env: readEnvironment(), quiet: o.Quiet}
	var options []tf6server.ServeOpt
	if o.Debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/relay-secrets/relay", p.protocolServer, options...)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := p.close(ctx); err != nil {
		// Terraform no longer reads diagnostics. The token expires by itself.
		log.Printf("[WARN] %s", foreign.Line(err.Error()))
	}
	return err
}

// trackClient stores a client for close; it ignores nil.
func (p *relayProvider) trackClient(client *secrets.Client) {
	if client == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients = append(p.clients, client)
}

func (p *relayProvider) close(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, client := range p.clients {
		errs = append(errs, client.Close(ctx))
	}
	p.clients = nil
	return errors.Join(errs...)
}
