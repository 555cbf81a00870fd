// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// closeTimeout bounds the goodbye to Vault: two seconds after it asked a provider
// to end, Terraform kills it.
const closeTimeout = 1500 * time.Millisecond

// Serve serves the provider until Terraform ends it, then revokes the tokens that
// it has logged in for. version is that of the release; debug waits for a debugger
// and prints how Terraform can attach.
func Serve(ctx context.Context, version string, debug bool) error {
	p := &relayProvider{version: version, env: readEnvironment()}
	err := providerserver.Serve(ctx, func() provider.Provider { return p }, providerserver.ServeOpts{
		Address: "registry.terraform.io/relay-secrets/relay",
		Debug:   debug,
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := p.close(ctx); err != nil {
		// Nobody waits for an answer any more. The token dies by itself, later.
		log.Printf("[WARN] %v", err)
	}
	return err
}

// trackClient notes a client for close; nil is none.
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
