// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

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
