// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

// CheckState is the result of a check.
type CheckState string

// The states of checks.
const (
	CheckOK      CheckState = "ok"
	CheckWarning CheckState = "warning"
	CheckFailed  CheckState = "failed"
	CheckSkipped CheckState = "skipped"
)

// Check is one line of relay-sync doctor.
type Check struct {
	// Name is what was checked, such as "vault token".
	Name  string     `json:"name"`
	State CheckState `json:"state"`
	// Text is what was found, in one sentence or a part of one.
	Text string `json:"text"`
	// Hint is what to do next, which may have several lines; empty for nothing.
	Hint string `json:"hint,omitempty"`
}

// WorstCheck is the worst state of checks: CheckFailed, CheckWarning or CheckOK.
func WorstCheck(all []Check) CheckState {
	worst := CheckOK
	for _, c := range all {
		if c.State == CheckFailed {
			return CheckFailed
		}
		if c.State == CheckWarning {
			worst = CheckWarning
		}
	}
	return worst
}
