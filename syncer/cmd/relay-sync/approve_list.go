// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

// approvals lists or removes approvals.
func (o *options) approvals(ctx context.Context, f approveFlags, names []string) error {
	selected, err := selectApprovals(f, names)
	if err != nil {
		return err
	}
	settings, err := o.personSettings()
	if err != nil {
		return err
	}
	session, err := manual.OpenApprovals(manual.Settings{Vault: settings, Mount: strings.Trim(f.mount, "/")})
	if err != nil {
		return err
	}
	defer o.endSession(session)
	all, err := session.List(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	if f.list {
		return o.writeApprovals(all, now)
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(l approval.Listed) bool {
		return !slices.Contains(selected, l.Name()) && (!f.expired || l.MayCount(now))
	})
	for _, name := range selected {
		if !slices.ContainsFunc(chosen, func(l approval.Listed) bool { return l.Name() == name }) {
			return fmt.Errorf("remove approval %q: not found; nothing was removed", name)
		}
	}
	if len(chosen) > 0 && !f.yes {
		if err := render.NewText(o.stderr, wantsColor(o.stderr)).WriteApprovals(chosen, now); err != nil {
			return err
		}
		if !o.confirmed("Remove these approvals? Answer yes to remove: ") {
			return errors.New("not removed")
		}
	}
	if err := session.Remove(ctx, chosen); err != nil {
		return err
	}
	return o.writeRemoved(chosen, now)
}

// selectApprovals are the valid names in the arguments.
func selectApprovals(f approveFlags, names []string) ([]string, error) {
	if f.list && len(names) > 0 {
		return nil, errors.New("--list accepts no arguments")
	}
	if f.remove && len(names) == 0 && !f.expired {
		return nil, errors.New("no approval given: name approvals as --list prints them, or use --expired")
	}
	var out []string
	var errs []error
	for _, name := range names {
		one, err := approval.ParseName(name)
		errs = append(errs, err)
		out = append(out, one.Name())
	}
	return out, errors.Join(errs...)
}

func (o *options) writeApprovals(all []approval.Listed, now time.Time) error {
	if o.output == "json" {
		return render.WriteApprovalsJSON(o.stdout, "approvals", all, now)
	}
	return render.NewText(o.stdout, wantsColor(o.stdout)).WriteApprovals(all, now)
}

func (o *options) writeRemoved(all []approval.Listed, now time.Time) error {
	if o.output == "json" {
		return render.WriteApprovalsJSON(o.stdout, "removed", all, now)
	}
	_, err := fmt.Fprintf(o.stdout, "removed %s\n", render.Count(len(all), "approval"))
	return err
}
