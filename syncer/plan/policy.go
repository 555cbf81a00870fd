// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"errors"
	"fmt"
)

// Exceeded says which bound n deletes of held secrets exceed, or "".
func (p DeletePolicy) Exceeded(n, held int) string {
	switch {
	case n > p.max():
		return fmt.Sprintf("the plan deletes %d secrets, at most %d are allowed (deletes.max)", n, p.max())
	case n*100 > p.maxPercent()*held:
		return fmt.Sprintf("the plan deletes %d of %d secrets, at most %d%% are allowed (deletes.max_percent)", n, held, p.maxPercent())
	}
	return ""
}

// Check refuses bounds that no plan can have.
func (p DeletePolicy) Check() error {
	if p.max() < 0 || p.maxPercent() < 0 || p.maxPercent() > 100 {
		return errors.New("deletes.max must not be negative, deletes.max_percent must be 0 to 100")
	}
	return nil
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

// HistoryPolicy is "follow" or "refuse".
type HistoryPolicy string

// The policies for a history that was rewritten.
const (
	// FollowHistory takes the commit that the branch points to, whatever it was
	// before. Only deletes are held back: see PlanInput.holdBack.
	FollowHistory HistoryPolicy = "follow"
	// RefuseHistory holds the whole plan until somebody approves it.
	RefuseHistory HistoryPolicy = "refuse"
)

// DeletePolicy bounds the deletes of a round. A plan beyond it is held until
// somebody runs relay-sync apply --approve with its id.
type DeletePolicy struct {
	// Max is how many secrets a round may delete; 10 if unset, 0 for none.
	Max *int `yaml:"max"`
	// MaxPercent is how many of every hundred secrets of the source it may delete;
	// 100 if unset.
	MaxPercent *int `yaml:"max_percent"`
	// AllowEmpty lets a round delete the last secrets of a workflow, and all of
	// them where the branch holds no manifest any more.
	AllowEmpty bool `yaml:"allow_empty"`
}

// DefaultMaxDeletes is how many secrets a round may delete unless a source says
// otherwise.
const DefaultMaxDeletes = 10

// DriftPolicy is "heal" or "report".
type DriftPolicy string

// The drift policies.
const (
	Heal       DriftPolicy = "heal"
	ReportOnly DriftPolicy = "report"
)
