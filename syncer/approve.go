// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Adoption is what somebody asked this source to take over.
type Adoption struct {
	// Addresses are secrets by name, whoever holds them.
	Addresses map[secrets.Address]bool
	// Unmanaged adds every wanted secret that is live and has no record: what a
	// crash between a first value and its record leaves.
	Unmanaged bool
}

func (d Adoption) takes(a Action) bool {
	return d.Addresses[a.Address] || (d.Unmanaged && a.Verdict.State != secrets.OwnedByOther)
}

// limit holds the deletes of a plan that has too many of them. It looks at each
// workflow for itself as well, so that what is left elsewhere does not make up
// for one that is emptied.
func (in PlanInput) limit(actions []Action) []Action {
	var deletes, held int
	wanted := map[string]bool{}
	for _, a := range actions {
		if a.Kind == Delete {
			deletes++
		}
		if a.Want != nil && !isConnection(a.Address) {
			wanted[a.Address.Group] = true
		}
	}
	for _, e := range in.Observed {
		if owner, is := e.Owner(); is && owner == in.Owner && e.Live() {
			held++
		}
	}
	over := in.Deletes.Exceeded(deletes, held)
	for i, a := range actions {
		if a.Kind != Delete {
			continue
		}
		switch {
		case over != "":
			actions[i] = a.held(Delete, "not deleted: "+over)
		case !in.Deletes.AllowEmpty && !isConnection(a.Address) && !wanted[a.Address.Group]:
			actions[i] = a.held(Delete, "not deleted: no secret of this workflow would be left (deletes.allow_empty)")
		}
	}
	return actions
}

// PlanID names a plan that waits for approval: the same commit, actions and
// versions give the same id, and anything that moves gives another. It is "" for
// a plan in which no approval would help.
func PlanID(commit gitsource.Commit, actions []Action) string {
	parts := []string{"plan1", string(commit)}
	waits := false
	for _, a := range actions {
		seen := a.Entry.Seen()
		parts = append(parts, string(a.Kind), string(a.Approved), a.Address.Path(),
			strconv.Itoa(seen.Version), strconv.FormatInt(seen.Created.UnixNano(), 10), string(seen.Owner))
		waits = waits || a.Approved != ""
	}
	if !waits {
		return ""
	}
	sum := sha256.Sum256(secrets.LengthPrefixed(parts...))
	return hex.EncodeToString(sum[:8])
}

// Approve is the plan with what waited for approval.
func Approve(actions []Action) []Action {
	out := make([]Action, len(actions))
	for i, a := range actions {
		if a.Approved != "" {
			a.Kind, a.Approved = a.Approved, ""
			a.Reason += "; approved"
		}
		out[i] = a
	}
	return out
}
