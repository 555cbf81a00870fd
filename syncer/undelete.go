// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// undeleting is the kind of an action that no sync plans: a person asked for it.
const undeleting plan.Kind = "undelete"

// Undelete undeletes secrets, named workflow/name, that their source soft-deleted and
// that no one wrote since. It reads no repository. Syncs leave an undeleted secret and
// report its deletion as pending approval; they write it again once a file has it.
// sources are names; none means whichever may write the workflow. reason is the
// person's, for the audit file. The error is about the request only; nothing was
// written then.
func (c *Controller) Undelete(ctx context.Context, names, sources []string, reason string) ([]report.Undeletion, error) {
	among, err := c.cfg.Select(sources)
	if err != nil {
		return nil, err
	}
	var (
		out      = make([]report.Undeletion, len(names))
		owners   = make([]config.Source, len(names))
		problems []error
	)
	for i, name := range names {
		out[i].Address, err = c.cfg.ParseAddress(name)
		switch {
		case out[i].Address.Kind == secrets.Connection:
			err = fmt.Errorf("%s: a connection cannot be undeleted; put it into a file again, and the next sync writes it", name)
		case err == nil:
			owners[i], err = sourceOf(among, out[i].Address)
		}
		out[i].Source = owners[i].Name
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	c.warnOfFiles()
	for i := range out {
		out[i].Err = c.undelete(ctx, owners[i], &out[i], reason)
	}
	return out, nil
}

// sourceOf finds the one source that may write a secret.
func sourceOf(among []config.Source, a secrets.Address) (config.Source, error) {
	var found []config.Source
	var names []string
	for _, s := range among {
		if slices.Contains(s.Workflows, a.Group) {
			found, names = append(found, s), append(names, s.Name)
		}
	}
	switch len(found) {
	case 0:
		return config.Source{}, fmt.Errorf("%s: no source may write workflow %q", a, a.Group)
	case 1:
		return found[0], nil
	}
	return config.Source{}, fmt.Errorf("%s: several sources may write workflow %q; name one with --source: %s", a, a.Group, strings.Join(names, ", "))
}

func (c *Controller) undelete(ctx context.Context, cfg config.Source, u *report.Undeletion, reason string) error {
	client, err := c.connect(cfg, false)
	if err != nil {
		return err
	}
	entry, err := client.Describe(ctx, u.Address)
	if err != nil {
		return err
	}
	if err := c.rateLimit.wait(ctx); err != nil {
		return errNotTried
	}
	line := report.AuditLine{Owner: string(client.Owner()), Commit: entry.Records[client.Owner()].Revision, Reason: reason}
	result := report.Result{Action: plan.Action{Kind: undeleting, Address: u.Address, Entry: entry}}
	c.Audit.around(line, &result, func() {
		u.Record, result.Err = client.Undelete(ctx, u.Address)
		result.Version = u.Record.Version
	})
	if result.Err != nil && entry.Rejected != nil {
		return fmt.Errorf("%w; to sign the record after a check: %s", result.Err, c.cfg.Flag.Adopt(u.Address, "--records"))
	}
	return result.Err
}
