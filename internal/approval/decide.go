// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// DefaultLifetime is how long an approval counts, unless a source sets another time,
	// and MaxLifetime the most that it may set.
	DefaultLifetime = time.Hour
	MaxLifetime     = 24 * time.Hour
	// clockSkew is how far the time in a note may be ahead of the controller's clock.
	clockSkew = time.Minute
)

// Rules are what an approval must fulfil.
type Rules struct {
	// Lifetime is how long an approval counts.
	Lifetime time.Duration
	// FourEyes requires that a person other than the authors approves, or two persons.
	FourEyes bool
	// Authors are who made what the plan applies, by the ids of their entities. Unknown
	// means that at least one of them is not known: then only two persons can approve.
	Authors []string
	Unknown bool
}

// Decision is whether a plan is approved.
type Decision struct {
	// Approved are the notes that approve it, in order of entity; none if it is not
	// approved.
	Approved []Note
	// Expired are those that never count again, with this lifetime.
	Expired []Note
	// Refused are why the other notes for this plan do not approve it, one sentence each.
	Refused []string
}

// Decide judges the notes of a source about one plan at a time. Pure.
func Decide(rules Rules, plan string, notes []Note, now time.Time) Decision {
	var d Decision
	var valid []Note
	for _, n := range notes {
		if n.Plan != plan {
			continue
		}
		if cause := n.outside(rules.Lifetime, now); cause != "" {
			d.Refused = append(d.Refused, fmt.Sprintf("the approval of entity %s does not count: %s", n.Entity, cause))
			if !n.Time.After(now) {
				d.Expired = append(d.Expired, n)
			}
			continue
		}
		valid = append(valid, n)
	}
	slices.SortFunc(valid, func(a, b Note) int { return strings.Compare(a.Entity, b.Entity) })
	valid = slices.CompactFunc(valid, func(a, b Note) bool { return a.Entity == b.Entity })
	switch cause := rules.missing(valid); {
	case len(valid) == 0:
	case cause == "":
		d.Approved = valid
	default:
		for _, n := range valid {
			d.Refused = append(d.Refused, fmt.Sprintf("the approval of entity %s does not suffice: %s", n.Entity, cause))
		}
	}
	return d
}

// outside is why the time of a note does not count, or empty.
func (n Note) outside(lifetime time.Duration, now time.Time) string {
	switch age := now.Sub(n.Time); {
	case age < -clockSkew:
		return fmt.Sprintf("its time, %s, is in the future; check the clock of the machine that wrote it", n.Time.UTC().Format(time.RFC3339))
	case age >= lifetime:
		return fmt.Sprintf("it expired at %s; approve again", n.Time.Add(lifetime).UTC().Format(time.RFC3339))
	}
	return ""
}

// missing is why the persons of notes do not suffice, or empty. One person can approve
// who is not an author; two can also if they are authors.
func (r Rules) missing(notes []Note) string {
	if !r.FourEyes || len(notes) >= 2 {
		return ""
	}
	for _, n := range notes {
		switch {
		case r.Unknown:
			return "not all authors of the commits are known (approvals.people), so two persons must approve (approvals.four_eyes)"
		case slices.Contains(r.Authors, n.Entity):
			return "this person is an author or committer of the commits, so another person must approve (approvals.four_eyes)"
		}
	}
	return ""
}
