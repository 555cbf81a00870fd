// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ID names a plan that waits for approval: the same commit, actions and versions give
// the same id, and any difference gives another. It is empty for a plan in which
// nothing waits.
func ID(commit string, actions []Action) string {
	parts := []string{"plan1", commit}
	waits := false
	for _, a := range actions {
		seen := a.Entry.Seen()
		parts = append(parts, string(a.Kind), string(a.Approved), a.Address.Path(),
			strconv.Itoa(seen.Version), strconv.FormatInt(seen.Created.UnixNano(), 10), string(seen.Owner))
		waits = waits || a.Kind == PendingApproval
	}
	if !waits {
		return ""
	}
	sum := sha256.Sum256(secrets.LengthPrefixed(parts...))
	return hex.EncodeToString(sum[:8])
}

// Approve is the plan with what waited for approval, and with the records of another
// history.
func Approve(actions []Action) []Action {
	out := make([]Action, len(actions))
	for i, a := range actions {
		if a.Approved != "" {
			a.Kind, a.Cause = a.Approved, a.ApprovedCause
		}
		a.Approved, a.ApprovedCause, a.Guard, a.Revision = "", "", guard{}, ""
		out[i] = a
	}
	return out
}
