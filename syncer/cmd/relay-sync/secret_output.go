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
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// writeChange prints the result of a manual change.
func (o *options) writeChange(owner secrets.Owner, r report.Result) error {
	if o.output == "json" {
		return o.encode(struct {
			versioned
			Workflow string    `json:"workflow"`
			Name     string    `json:"name"`
			Action   plan.Kind `json:"action"`
			Version  int       `json:"version,omitempty"`
			Owner    string    `json:"owner"`
		}{version1, r.Address.Group, r.Address.Name, r.Kind, r.Version, string(owner)})
	}
	done := fmt.Sprintf("written as version %d by %s", r.Version, owner)
	switch r.Kind {
	case plan.Adopt:
		done += ", taken over"
	case plan.Delete:
		done = "deleted; an administrator can undelete it"
	case plan.Release:
		done = "released; your value had already been overwritten or deleted"
	}
	if _, err := fmt.Fprintf(o.stdout, "%s: %s\n", r.Address, done); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// writeRows prints the secrets of a workflow.
func (o *options) writeRows(workflow string, rows []manual.Row) error {
	if o.output == "json" {
		return o.encode(struct {
			versioned
			Workflow string    `json:"workflow"`
			Secrets  []rowJSON `json:"secrets"`
		}{version1, workflow, rowsJSON(rows)})
	}
	table := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tWRITTEN\tOWNER\tDRIFT")
	for _, r := range rows {
		owner := string(r.Owner)
		if r.Owner == secrets.NoOwner {
			owner = "-"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\n", r.Name, r.Version, r.Created.UTC().Format(time.RFC3339), owner, r.Drift)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

type rowJSON struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	Owner   string    `json:"owner,omitempty"`
	Drift   string    `json:"drift"`
}

func rowsJSON(rows []manual.Row) []rowJSON {
	out := make([]rowJSON, len(rows))
	for i, r := range rows {
		out[i] = rowJSON{r.Name, r.Version, r.Created, string(r.Owner), r.Drift.String()}
	}
	return out
}
