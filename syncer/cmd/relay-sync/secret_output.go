// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// writeChange prints the result of a manual change.
func (o *options) writeChange(owner secrets.Owner, r report.Result, undelete string) error {
	owner = r.Entry.KnownAs(owner)
	if o.output == "json" {
		fields := map[string]any{"workflow": r.Address.Group, "name": r.Address.Name, "action": r.Kind, "owner": owner}
		if r.Version > 0 {
			fields["version"] = r.Version
		}
		if r.Cause != "" {
			fields["cause"] = r.Cause
		}
		return written(render.Document(o.stdout, fields))
	}
	_, err := fmt.Fprintf(o.stdout, "%s: %s\n", r.Address, changeText(owner, r, undelete))
	return written(err)
}

// changeText describes what a manual change did; undelete is the command that reverts a
// deletion.
func changeText(owner secrets.Owner, r report.Result, undelete string) string {
	switch r.Kind {
	case plan.Adopt:
		return fmt.Sprintf("written as version %d by %s, taken over", r.Version, owner)
	case plan.Delete:
		text := fmt.Sprintf("version %d deleted", r.Entry.Current)
		if r.Cause != "" {
			return text + "; " + r.Cause
		}
		return text + "; to restore it: " + undelete
	case plan.Release:
		if r.Cause != "" {
			return "released; " + r.Cause
		}
		return "released; your value had already been overwritten or deleted"
	case manual.Undelete:
		return fmt.Sprintf("version %d undeleted, owned by %s", r.Version, owner)
	}
	return fmt.Sprintf("written as version %d by %s", r.Version, owner)
}

// written is the error of an output.
func written(err error) error {
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
