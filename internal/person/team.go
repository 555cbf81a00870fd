// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// ErrNotMember: the token may not act for the team.
var ErrNotMember = errors.New("the Vault token may not act for this team")

// TeamOwner returns the owner that the team is, if the token may act for it: it may
// patch the path of the team. Errors: ErrNotMember, secrets.ErrInvalid, or a *kv.Error.
func TeamOwner(ctx context.Context, d vaultclient.Directory, namespace, mount, team string) (secrets.Owner, error) {
	owner, err := secrets.TeamOwner(team)
	if err != nil {
		return secrets.NoOwner, err
	}
	path := capability.TeamPath(mount, team)
	granted, err := d.Capabilities(ctx, namespace, path)
	switch {
	case errors.Is(err, kv.ErrPermissionDenied):
		return secrets.NoOwner, fmt.Errorf("team %q: %w", team, secrets.ErrTokenRejected)
	case err != nil:
		return secrets.NoOwner, err
	case !capability.Grants(granted[path], capability.Team):
		return secrets.NoOwner, fmt.Errorf("team %q: %w\nHint: add to a policy of the token:\n  %s", team, ErrNotMember, capability.Line(path, capability.Team))
	}
	return owner, nil
}
