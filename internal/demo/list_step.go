// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// listAll shows every secret of the workflow from metadata alone, with the
// project's own client and the writer's token.
func listAll(ctx context.Context, w *world) error {
	w.paragraph(`
Names, versions and owners are not secret. A token that may read the metadata can
audit them. This list uses the writer's token.`)
	owner, err := secrets.TeamOwner("demo")
	if err != nil {
		return err
	}
	client, err := vaultclient.Connect(
		vaultclient.Settings{Address: w.vault.Address, Token: w.writer, UserAgent: "relay-demo"},
		secrets.Config{Owner: owner})
	if err != nil {
		return err
	}
	w.command("vault kv metadata get " + typedPath("NAME") + "   # for every name")
	rows, records, err := describe(ctx, client)
	if err != nil {
		return err
	}
	if err := checkRows(rows); err != nil {
		return err
	}
	w.output(table(rows))
	w.paragraph("The record of each owner's last write is in that metadata, too:\n")
	w.command("vault kv metadata get " + typedPath(fromGit[1].name))
	w.output(records)
	return nil
}

// row is one secret of the list.
type row struct {
	name    string
	version int
	live    bool
	owner   secrets.Owner
}

// describe observes every secret; records is the record of one of them.
func describe(ctx context.Context, client *secrets.Client) (rows []row, records string, err error) {
	scope := secrets.Scope{Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix, Group: workflow}
	names, err := client.List(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	for _, name := range names.Manageable {
		entry, err := client.Describe(ctx, scope.Secret(name))
		if err != nil {
			return nil, "", err
		}
		owner, owned := entry.Owner()
		if !owned {
			owner = secrets.NoOwner
		}
		rows = append(rows, row{name, entry.Current, entry.Live(), owner})
		if name == fromGit[1].name {
			records = formatRecord(owner, entry.Records[owner])
		}
	}
	return rows, records, nil
}

// formatRecord formats a record as Vault stores it, with its fields on lines of their own.
func formatRecord(owner secrets.Owner, r secrets.Record) string {
	fields := strings.Split(r.String(), " ")
	return fmt.Sprintf("relay.%s\n  %s\n  %s", owner, strings.Join(fields[:2], " "), strings.Join(fields[2:], "\n  "))
}

// checkRows compares the list with the expected result of all steps before.
func checkRows(rows []row) error {
	want := []row{
		{"database_password", 3, true, "terraform/shop-prod"},
		{"old_api_token", 1, false, secrets.NoOwner},
		{"registry_password", 1, true, "gitops/demo/shop"},
		{"session_key", 1, true, "terraform/shop-prod"},
		{"slack_webhook", 3, true, "gitops/demo/shop"},
	}
	if got, want := table(rows), table(want); got != want {
		return fmt.Errorf("Vault contains\n%s\nexpected\n%s", got, want)
	}
	return nil
}

func table(rows []row) string {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "NAME\tVERSION\tSTATE\tOWNER")
	for _, r := range rows {
		condition, owner := "live", string(r.owner)
		if !r.live {
			condition = "deleted"
		}
		if r.owner == secrets.NoOwner {
			owner = "none"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", r.name, r.version, condition, owner)
	}
	_ = t.Flush() // to memory
	return out.String()
}
