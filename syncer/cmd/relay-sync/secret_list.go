// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) listCommand() *cobra.Command {
	f := &manualFlags{}
	deleted := false
	c := &cobra.Command{
		Use:   "list [WORKFLOW]",
		Short: "List secrets: names, versions, owners, drift",
		Long: `list prints the secrets of a workflow, of every owner. Without a workflow it prints those
of all workflows that you may list, and names the other workflows; the token needs list on
metadata/PREFIX/ for that. With --deleted it prints what an owner can undelete.

With --config and its fingerprint_key_file, the records of the controller's sources are
checked, as a sync does. Without the keys a forged record looks like any other.`,
		Example: `  relay-sync secret list deploy-production
  relay-sync secret list --deleted -o json`,
		Args: atMostOneWorkflow,
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := o.manualSettings(c, f)
			if err != nil {
				return err
			}
			all, workflow := len(args) == 0, ""
			if !all {
				workflow = args[0]
				if _, err := settings.Address(workflow, "any"); err != nil {
					return err
				}
			}
			found, err := manual.List(c.Context(), settings, workflow)
			switch {
			case errors.Is(err, manual.ErrNoSecrets):
				return fmt.Errorf("%w\nHint: to list all workflows: %s", err, f.again("list"))
			case all && errors.Is(err, secrets.ErrMissingCapability):
				return fmt.Errorf("%w\nHint: to list one workflow: %s", err, f.again("list", "WORKFLOW"))
			case err != nil:
				return err
			}
			return o.writeList(found, all, deleted)
		},
	}
	f.common(c)
	completeFirst(c, workflowNames)
	c.Flags().BoolVar(&deleted, "deleted", false, "list deleted secrets that their owners can undelete")
	return c
}

func (o *options) writeList(found manual.Found, all, deleted bool) error {
	if o.output == "json" {
		return written(render.Document(o.stdout, listJSON(found, all, deleted)))
	}
	table := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	first, last := "", "WRITTEN\tOWNER\tDRIFT"
	if all {
		first = "WORKFLOW\t"
	}
	if deleted {
		last = "DELETED\tOWNER"
	}
	fmt.Fprintln(table, first+"NAME\tVERSION\t"+last)
	for _, l := range found.Workflows {
		for _, r := range rowsOf(l, deleted) {
			if all {
				fmt.Fprint(table, l.Scope.Group+"\t")
			}
			if deleted {
				fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", r.Name, r.Version, utc(r.Deleted), r.Ownership)
			} else {
				fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\n", r.Name, r.Version, utc(r.Created), r.Ownership, r.Drift)
			}
		}
	}
	if err := table.Flush(); err != nil {
		return written(err)
	}
	for _, text := range found.Remarks() {
		if _, err := fmt.Fprintln(o.stdout, "\n"+text); err != nil {
			return written(err)
		}
	}
	return nil
}

// rowsOf are the secrets of a list, or of one with --deleted.
func rowsOf(l manual.Listing, deleted bool) []manual.Row {
	if deleted {
		return l.Deleted
	}
	return l.Rows
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// listJSON is the list of one workflow, or of all.
func listJSON(found manual.Found, all, deleted bool) map[string]any {
	if !all {
		return listedJSON(found.Workflows[0], deleted)
	}
	workflows, denied := []any{}, []any{}
	for _, l := range found.Workflows {
		if l.Err != nil {
			denied = append(denied, map[string]any{"workflow": l.Scope.Group, "error": report.ErrorText(l.Err)})
		} else {
			workflows = append(workflows, listedJSON(l, deleted))
		}
	}
	folders := found.Folders
	if folders == nil {
		folders = []string{}
	}
	return map[string]any{"workflows": workflows, "denied": denied, "invalid_folders": folders}
}

func listedJSON(l manual.Listing, deleted bool) map[string]any {
	return map[string]any{"workflow": l.Scope.Group, "secrets": rowsJSON(rowsOf(l, deleted)), "invalid_names": render.InvalidNames(l.Scope, l.Other)}
}

type rowJSON struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	// Owner is the owner of the current version, LastOwner that of the newest record.
	Owner     string    `json:"owner,omitempty"`
	LastOwner string    `json:"last_owner,omitempty"`
	Drift     string    `json:"drift"`
	Deleted   time.Time `json:"deleted,omitzero"`
}

func rowsJSON(rows []manual.Row) []rowJSON {
	out := make([]rowJSON, len(rows))
	for i, r := range rows {
		out[i] = rowJSON{r.Name, r.Version, r.Created, string(r.Owner), string(r.LastOwner), r.Drift.String(), r.Deleted}
	}
	return out
}
