// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
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
	may, err := MayActFor(ctx, d, namespace, mount, team)
	switch {
	case errors.Is(err, secrets.ErrTokenRejected):
		return secrets.NoOwner, fmt.Errorf("team %q: %w", team, err)
	case err != nil:
		return secrets.NoOwner, err
	case !may[team]:
		return secrets.NoOwner, fmt.Errorf("team %q: %w\nHint: add to a policy of the token:\n  %s", team, ErrNotMember, capability.Line(capability.TeamPath(mount, team), capability.Team))
	}
	return owner, nil
}

// MayActFor reports for each of the teams whether the token may act for it: one request for
// all. Errors: secrets.ErrInvalid, or as of Capabilities.
func MayActFor(ctx context.Context, d vaultclient.Directory, namespace, mount string, teams ...string) (map[string]bool, error) {
	paths := make([]string, len(teams))
	for i, team := range teams {
		if _, err := secrets.TeamOwner(team); err != nil {
			return nil, err
		}
		paths[i] = capability.TeamPath(mount, team)
	}
	granted, err := Capabilities(ctx, d, namespace, paths...)
	may := make(map[string]bool, len(teams))
	for i, team := range teams {
		may[team] = capability.Grants(granted[paths[i]], capability.Team)
	}
	return may, err
}
