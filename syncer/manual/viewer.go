// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Viewer lists and describes with any token, also one that may not write. It is safe for
// concurrent use.
type Viewer struct {
	Settings
	client *secrets.Client
}

// NewViewer makes a viewer over the client of a person. It sends nothing. Of s.Vault it uses
// the namespace and the concurrency.
func NewViewer(client *vaultclient.Client, s Settings) (*Viewer, error) {
	cfg := s.viewing()
	cfg.KV, cfg.Concurrency = client, s.Vault.Concurrency
	over, err := secrets.NewClient(cfg)
	return &Viewer{s, over}, err
}

// noWriter is the owner of a client that writes no record.
const noWriter secrets.Owner = "team/viewer"

// viewing is the configuration of a client that changes nothing.
func (s Settings) viewing() secrets.Config {
	return secrets.Config{
		Owner: noWriter, Keys: s.Records.Keys, RequireMAC: s.Records.Required, Signers: s.Records.Owners,
		Role: policy.Viewer.String(), Warn: s.Warn,
	}
}

// Describe observes one secret or connection, with all versions and the records of all
// owners; of a connection, also the fields of its live body. Errors: as of
// secrets.Client.Describe.
func (v *Viewer) Describe(ctx context.Context, a secrets.Address) (secrets.Entry, error) {
	return manager(v.client, a, v.warn).Describe(ctx, a)
}

// Connections returns the connections of a domain, by type, from the metadata of their
// pointers alone: Describe also shows an outside change of a field. No connection can be
// undeleted. Errors: as of connections.Client.Pointers.
func (v *Viewer) Connections(ctx context.Context, domain string) ([]Listing, error) {
	pointers, err := connections.New(v.client, v.warn).Pointers(ctx, v.scope(""), domain)
	if err != nil {
		return nil, err
	}
	var types []secrets.Scope
	for _, a := range byName(pointers) {
		types = append(types, a.Scope)
	}
	out := listings(slices.Compact(types), secrets.Survey{Entries: pointers})
	for i := range out {
		out[i].Deleted = nil
	}
	return out, nil
}

// Workflows returns the names of all workflows, sorted. Errors: as of secrets.Client.Groups.
func (v *Viewer) Workflows(ctx context.Context) ([]string, error) {
	names, err := v.client.Groups(ctx, v.scope(""))
	return names.Manageable, err
}

// manager manages addresses of the kind of a, for the owner of client.
func manager(client *secrets.Client, a secrets.Address, warn func(string)) secrets.Manager {
	if a.Kind != secrets.Connection {
		return client
	}
	return connections.New(client, warn)
}
