// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
	"github.com/relay-secrets/terraform-provider-relay/syncer/tidy"
)

type tidyFlags struct {
	manualFlags
	domain string
	after  time.Duration
	yes    bool
}

func (o *options) tidyCommand() *cobra.Command {
	f := &tidyFlags{}
	c := &cobra.Command{
		Use:   "tidy",
		Short: "Remove the names of secrets that were deleted long ago",
		Long: `tidy removes the metadata of secrets and connections, with all their versions, if they are
dead and every owner has released them, by default for 720h (30 days). Vault lists a deleted secret for
ever, and programs that read a whole folder, such as consul-template, stop at it. tidy
removes names of every owner: Terraform, git, people and teams. It keeps what has no
record of this product.

tidy lists the names and asks. Then it marks them, waits for ten minutes, so that no writer
loses a value that it is writing, looks again and removes them. This cannot be undone.
Nothing is removed if it stops before; the next tidy begins again.

tidy uses the Vault settings of the vault command, or with --config those of the
configuration, with tidy.login unless VAULT_TOKEN is set. The token needs the policy that
relay-sync policy tidy prints.`,
		Example: `  relay-sync tidy -c relay-sync.yaml
  relay-sync tidy --connections-domain acme --after 2160h --yes`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.tidy(c, f) },
	}
	f.common(c)
	c.Flags().StringVar(&f.domain, "connections-domain", "", "also remove connections of this domain")
	c.Flags().DurationVar(&f.after, "after", tidy.DefaultAfter, "how long a name has to be dead and released")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return c
}

// errNotTidied is the error of names that were listed and not removed.
var errNotTidied = errors.New("tidy: not confirmed, so nothing was removed. Hint: answer yes, or add --yes")

func (o *options) tidy(c *cobra.Command, f *tidyFlags) error {
	t, end, err := o.openTidy(c, f)
	if err != nil {
		return err
	}
	defer end()
	found, err := t.Find(c.Context())
	if err != nil {
		return fmt.Errorf("tidy: %w", err)
	}
	var results []report.Result
	if len(found.Names) > 0 {
		if !f.yes {
			if err := o.listTidied(found, t.After); err != nil {
				return written(err)
			}
			if !o.confirmed("Remove them, with all versions? This cannot be undone. Answer yes to remove: ") {
				return errNotTidied
			}
		}
		if results, err = o.removeTidied(c.Context(), t, found); err != nil {
			return err
		}
	}
	if err := o.writeTidied(t.After, found, results); err != nil {
		return written(err)
	}
	if len(found.Failed) > 0 || slices.ContainsFunc(results, func(r report.Result) bool { return r.Err != nil }) {
		return exitError{report.Failed}
	}
	return nil
}

// openTidy connects to Vault.
func (o *options) openTidy(c *cobra.Command, f *tidyFlags) (t tidy.Tidy, end func(), err error) {
	if f.after < 0 {
		return t, nil, errors.New("invalid --after: must not be negative")
	}
	s, err := o.manualSettings(c, &f.manualFlags)
	if err != nil {
		return t, nil, err
	}
	domain, after := f.domain, f.after
	if f.cfg != nil {
		if s.Audit, err = o.openAudit(f.cfg); err != nil {
			return t, nil, err
		}
		if !c.Flags().Changed("connections-domain") {
			domain = f.cfg.Vault.Domain
		}
		if f.cfg.Tidy != nil && s.Vault.Token == "" {
			s.Vault = f.cfg.TidySettings(s.Vault.UserAgent)
		}
		if f.cfg.Tidy != nil && !c.Flags().Changed("after") {
			after = f.cfg.Tidy.After
		}
	}
	if t, err = syncer.NewTidy(s.Vault, s.Audit, s.Warn); err != nil {
		return t, nil, errors.Join(err, s.Audit.Close())
	}
	t.Domain, t.After = domain, after
	t.Root = secrets.Scope{Namespace: secrets.CanonicalNamespace(s.Vault.Namespace), Mount: s.Mount, Prefix: s.Prefix}
	return t, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(t.Client.Close(ctx), s.Audit.Close()); err != nil {
			s.Warn(err.Error())
		}
	}, nil
}

// removeTidied marks the names, waits, and removes them.
func (o *options) removeTidied(ctx context.Context, t tidy.Tidy, found tidy.Found) ([]report.Result, error) {
	results, marked := t.Mark(ctx, found)
	if len(marked.Names) == 0 {
		return results, nil
	}
	fmt.Fprintf(o.stderr, "Marked %s; removing them at %s, so that no writer loses a value. Until then Ctrl-C stops it.\n",
		render.Count(len(marked.Names), "name"), marked.Removable.Format(time.TimeOnly))
	select {
	case <-ctx.Done():
		return nil, errors.New("tidy: canceled while it waited, so no marked name was removed")
	case <-time.After(time.Until(marked.Removable)):
	}
	return append(results, t.Remove(ctx, marked)...), nil
}

// listTidied shows the names before the question.
func (o *options) listTidied(found tidy.Found, after time.Duration) error {
	table := tabwriter.NewWriter(o.stderr, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tDEAD AND RELEASED SINCE\tOWNER")
	for _, n := range found.Names {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", n.Address.Title(), n.Entry.Current, utc(n.Since()), n.Entry.Releaser())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.stderr, "\n%s of %d: dead and released for %s or longer.\n", render.Count(len(found.Names), "name"), found.Looked, after)
	return err
}

func (o *options) writeTidied(after time.Duration, found tidy.Found, results []report.Result) error {
	if o.output == "json" {
		return render.Document(o.stdout, tidiedJSON(found, results))
	}
	removed := 0
	for _, r := range results {
		text := "removed  " + r.Address.Title()
		switch {
		case r.Err != nil:
			text = "failed   " + r.Address.Title() + ": " + r.Err.Error()
		case r.Cause != "":
			text = "kept     " + r.Address.Title() + "; " + r.Cause
		default:
			removed++
		}
		if _, err := fmt.Fprintln(o.stdout, text); err != nil {
			return err
		}
	}
	for _, err := range found.Failed {
		if _, err := fmt.Fprintln(o.stdout, "not looked at: "+err.Error()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(o.stdout, "%s removed, of %d; %s dead and released for %s or longer.\n",
		render.Count(removed, "name"), found.Looked, render.Count(len(found.Names), "name"), after)
	return err
}

func tidiedJSON(found tidy.Found, results []report.Result) map[string]any {
	names, failures := make([]map[string]any, len(results)), make([]string, len(found.Failed))
	for i, r := range results {
		names[i] = map[string]any{
			"kind": r.Address.Kind.Label(), "workflow": r.Address.Group, "name": r.Address.Name, "version": r.Entry.Current,
			"owner": r.Entry.Releaser(), "removed": r.Err == nil && r.Cause == "", "cause": r.Cause, "error": report.ErrorText(r.Err),
		}
	}
	for i, err := range found.Failed {
		failures[i] = err.Error()
	}
	return map[string]any{"looked_at": found.Looked, "names": names, "not_looked_at": failures}
}
