// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// errNoSuchRecord is the error of a record that names no version of its entry.
var errNoSuchRecord = errors.New("the record does not match a version in Vault, so it cannot be signed; " +
	"to write the value again, adopt the secret")

// UnsignedRecords lists the records of sources that have no MAC or an invalid one, in
// order of address. names are workflow/name or connection:type/name; none means all. It
// reads no repository and writes nothing. The error is about the request or about Vault.
func (c *Controller) UnsignedRecords(ctx context.Context, names, sources []string) ([]report.UnsignedRecord, error) {
	among, err := c.cfg.Select(sources)
	if err != nil {
		return nil, err
	}
	wanted, err := c.adoption(Request{Adopt: names}, among)
	if err != nil {
		return nil, err
	}
	if c.cfg.FingerprintKeyFile == "" {
		return nil, errors.New("adopt --records: fingerprint_key_file is required in the configuration: a MAC needs a key")
	}
	c.warnOfFiles()
	var out []report.UnsignedRecord
	for _, cfg := range among {
		found, err := c.unsignedRecords(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("source %q: %w", cfg.Name, err)
		}
		out = append(out, found...)
	}
	if len(names) == 0 {
		return out, nil
	}
	out = slices.DeleteFunc(out, func(u report.UnsignedRecord) bool { return !wanted.Addresses[u.Address] })
	for _, u := range out {
		delete(wanted.Addresses, u.Address)
	}
	return out, c.notUnsigned(wanted.Addresses)
}

// notUnsigned is the error for names without such a record.
func (c *Controller) notUnsigned(rest map[secrets.Address]bool) error {
	var titles []string
	for a := range rest {
		titles = append(titles, a.Title())
	}
	if len(titles) == 0 {
		return nil
	}
	slices.Sort(titles)
	return fmt.Errorf("adopt --records: no record without a valid MAC found for %s. Hint: %s lists them",
		strings.Join(titles, ", "), c.cfg.Flag.In("relay-sync adopt --records --reason ..."))
}

func (c *Controller) unsignedRecords(ctx context.Context, cfg config.Source) ([]report.UnsignedRecord, error) {
	client, err := c.connect(cfg, false)
	if err != nil {
		return nil, err
	}
	s := &source{Source: cfg, vault: c.cfg.Vault, client: client, connections: connections.New(client, c.Warn)}
	seen, err := s.observe(ctx)
	if err != nil {
		return nil, err
	}
	if len(seen.unseen) > 0 {
		return nil, errors.Join(slices.Collect(maps.Values(seen.unseen))...)
	}
	var out []report.UnsignedRecord
	for address, entry := range seen.entries {
		if record, unsigned := entry.UnsignedRecord(s.client.Owner()); unsigned {
			u := report.UnsignedRecord{Source: cfg.Name, Address: address, Entry: entry, Record: record}
			if !entry.Has(record) {
				u.Err = errNoSuchRecord
			}
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b report.UnsignedRecord) int { return plan.Compare(a.Address, b.Address) })
	return out, nil
}

// SignRecords signs records that UnsignedRecords listed and that can be signed: one
// PATCH each, no value. reason is the person's, for the audit file.
func (c *Controller) SignRecords(ctx context.Context, records []report.UnsignedRecord, reason string) {
	for i := range records {
		if u := &records[i]; u.Err == nil {
			u.Err = c.signRecord(ctx, u, reason)
			u.Signed = u.Err == nil
		}
	}
}

func (c *Controller) signRecord(ctx context.Context, u *report.UnsignedRecord, reason string) error {
	sources, err := c.cfg.Select([]string{u.Source})
	if err != nil {
		return err
	}
	client, err := c.connect(sources[0], false)
	if err != nil {
		return err
	}
	if err := c.rateLimit.wait(ctx); err != nil {
		return errNotTried
	}
	line := report.AuditLine{Owner: string(client.Owner()), Commit: u.Record.Revision, Reason: reason}
	result := report.Result{Action: plan.Action{Kind: plan.Sign, Address: u.Address, Entry: u.Entry, Cause: u.Problem()}}
	c.Audit.around(line, &result, func() {
		result.Err = client.SignRecord(ctx, u.Address, u.Entry)
	})
	return result.Err
}
