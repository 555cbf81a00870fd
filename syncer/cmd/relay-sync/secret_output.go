// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// writeChange prints the result of a manual change.
func (o *options) writeChange(owner secrets.Owner, r report.Result) error {
	if o.output == "json" {
		fields := map[string]any{"workflow": r.Address.Group, "name": r.Address.Name, "action": r.Kind, "owner": owner}
		if r.Version > 0 {
			fields["version"] = r.Version
		}
		return written(render.Document(o.stdout, fields))
	}
	done := fmt.Sprintf("written as version %d by %s", r.Version, owner)
	switch r.Kind {
	case plan.Adopt:
		done += ", taken over"
	case plan.Delete:
		done = "deleted; an administrator can undelete it"
	case plan.Release:
		done = "released; your value had already been overwritten or deleted"
		if r.Cause != "" {
			done = r.Cause
		}
	}
	_, err := fmt.Fprintf(o.stdout, "%s: %s\n", r.Address, done)
	return written(err)
}

// written is the error of an output.
func written(err error) error {
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// writeListing prints the secrets of a workflow.
func (o *options) writeListing(l manual.Listing) error {
	if o.output == "json" {
		return written(render.Document(o.stdout, map[string]any{
			"workflow": l.Scope.Group, "secrets": rowsJSON(l.Rows), "invalid_names": render.InvalidNames(l.Scope, l.Other),
		}))
	}
	table := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tWRITTEN\tOWNER\tDRIFT")
	for _, r := range l.Rows {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\n", r.Name, r.Version, r.Created.UTC().Format(time.RFC3339), r.Ownership, r.Drift)
	}
	err := table.Flush()
	if err == nil && len(l.Other) > 0 {
		_, err = fmt.Fprintln(o.stdout, "\n"+l.Scope.DescribeOther(l.Other))
	}
	return written(err)
}

type rowJSON struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	// Owner is the owner of the current version, LastOwner that of the newest record.
	Owner     string `json:"owner,omitempty"`
	LastOwner string `json:"last_owner,omitempty"`
	Drift     string `json:"drift"`
}

func rowsJSON(rows []manual.Row) []rowJSON {
	out := make([]rowJSON, len(rows))
	for i, r := range rows {
		out[i] = rowJSON{r.Name, r.Version, r.Created, string(r.Owner), string(r.LastOwner), r.Drift.String()}
	}
	return out
}
