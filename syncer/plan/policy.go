// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"errors"
	"fmt"
)

// DriftPolicy is "heal" or "report".
type DriftPolicy string

// The drift policies.
const (
	Heal       DriftPolicy = "heal"
	ReportOnly DriftPolicy = "report"
)

// HistoryPolicy is "follow" or "refuse".
type HistoryPolicy string

// The policies for a history that was rewritten.
const (
	// FollowHistory takes the commit that the branch points to, whatever it was
	// before. Only deletes wait for approval: see Input.formerHistory.
	FollowHistory HistoryPolicy = "follow"
	// RefuseHistory lets the whole plan wait for approval.
	RefuseHistory HistoryPolicy = "refuse"
)

// DefaultMaxDeletes is how many secrets a sync may delete unless the source sets
// another number.
const DefaultMaxDeletes = 10

// DeletePolicy limits the deletes of a sync. Deletes beyond a limit wait for
// relay-sync apply --approve with the id of the plan.
type DeletePolicy struct {
	// Max is the number of secrets that a sync may delete; 10 if unset, 0 for none.
	Max *int `yaml:"max"`
	// MaxPercent is the share of the source's secrets that a sync may delete, in
	// percent; 100 if unset.
	MaxPercent *int `yaml:"max_percent"`
	// AllowEmpty permits a sync to delete the last secrets of a workflow, and all
	// secrets if the branch no longer contains a manifest.
	AllowEmpty bool `yaml:"allow_empty"`
}

// Check refuses limits out of range.
func (p DeletePolicy) Check() error {
	if p.max() < 0 || p.maxPercent() < 0 || p.maxPercent() > 100 {
		return errors.New("deletes.max must not be negative, deletes.max_percent must be 0 to 100")
	}
	return nil
}

// exceeded names the limit that n deletes of owned secrets exceed, or is empty.
func (p DeletePolicy) exceeded(n, owned int) string {
	switch {
	case n > p.max():
		return fmt.Sprintf("the plan deletes %d secrets, at most %d are allowed (deletes.max)", n, p.max())
	case n*100 > p.maxPercent()*owned:
		return fmt.Sprintf("the plan deletes %d of %d secrets, at most %d%% are allowed (deletes.max_percent)", n, owned, p.maxPercent())
	}
	return ""
}

func (p DeletePolicy) max() int {
	if p.Max == nil {
		return DefaultMaxDeletes
	}
	return *p.Max
}

func (p DeletePolicy) maxPercent() int {
	if p.MaxPercent == nil {
		return 100
	}
	return *p.MaxPercent
}
