// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		s    situation
		want decision
	}{
		{"nothing happened", situation{onDrift: onDriftOverwrite}, keep},
		{"nothing happened, and drift would be an error", situation{onDrift: onDriftError}, keep},
		{"a new version of the value", situation{onDrift: onDriftOverwrite, valueChanged: true}, write},
		{"a new version of the value, and drift would be an error", situation{onDrift: onDriftError, valueChanged: true}, write},
		{"drift is repaired", situation{remedy: remedyWrite, onDrift: onDriftOverwrite}, write},
		{"drift is only warned of", situation{remedy: remedyWrite, onDrift: onDriftWarn}, keepAndWarn},
		{"drift that was to be warned of ends with a new value", situation{remedy: remedyWrite, onDrift: onDriftWarn, valueChanged: true}, write},
		{"drift stops the plan", situation{remedy: remedyWrite, onDrift: onDriftError}, refuseDrift},
		{"drift stops the plan, also of a new value", situation{remedy: remedyWrite, onDrift: onDriftError, valueChanged: true}, refuseDrift},
		{"what is foreign is not taken", situation{remedy: remedyAdopt, onDrift: onDriftOverwrite}, refuseForeign},
		{"what is foreign is not taken for a new value", situation{remedy: remedyAdopt, onDrift: onDriftWarn, valueChanged: true}, refuseForeign},
		{"what is foreign may be left alone", situation{remedy: remedyAdopt, onDrift: onDriftWarn}, keepAndWarn},
		{"what is foreign stops a plan that drift stops", situation{remedy: remedyAdopt, onDrift: onDriftError}, refuseDrift},
		{"what is foreign is adopted", situation{remedy: remedyAdopt, onDrift: onDriftOverwrite, adopt: true}, write},
		{"warn holds back an adopt", situation{remedy: remedyAdopt, onDrift: onDriftWarn, adopt: true}, keepAndWarn},
		{"our own unfinished write is finished under warn", situation{remedy: remedyWrite, unfinished: true, onDrift: onDriftWarn}, write},
		{"our own unfinished write is finished under error", situation{remedy: remedyWrite, unfinished: true, onDrift: onDriftError}, write},
		{"what became foreign meanwhile is not finished", situation{remedy: remedyAdopt, unfinished: true, onDrift: onDriftOverwrite}, refuseForeign},
		{"a value that is not known may have changed", situation{onDrift: onDriftOverwrite, valueUnknown: true}, writeIfChanged},
		{"a value that is not known may end drift", situation{remedy: remedyWrite, onDrift: onDriftWarn, valueUnknown: true}, writeIfChanged},
		{"drift is repaired with a value that is not known", situation{remedy: remedyWrite, onDrift: onDriftOverwrite, valueUnknown: true}, write},
		{"a version says that the value changed", situation{onDrift: onDriftOverwrite, valueChanged: true, valueUnknown: true}, write},
		{"what is foreign is left, whatever the value", situation{remedy: remedyAdopt, onDrift: onDriftWarn, valueUnknown: true}, keepAndWarn},
		{"what is foreign is not taken for an unknown value", situation{remedy: remedyAdopt, onDrift: onDriftOverwrite, valueUnknown: true}, refuseForeign},
		{"what became foreign meanwhile is left under warn", situation{remedy: remedyAdopt, unfinished: true, onDrift: onDriftWarn}, keepAndWarn},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := decide(row.s); got != row.want {
				t.Errorf("decision %d, want %d", got, row.want)
			}
		})
	}
}

func TestRemedyFor(t *testing.T) {
	t.Parallel()
	for state := secrets.NotChecked; state <= secrets.Restored; state++ {
		for _, needsAdopt := range []bool{false, true} {
			want := remedyWrite
			switch {
			case state == secrets.InSync || state == secrets.NotChecked:
				want = remedyNone
			case needsAdopt:
				want = remedyAdopt
			}
			if got := remedyFor(secrets.Verdict{State: state}, needsAdopt); got != want {
				t.Errorf("%s, needs adopt %t: remedy %q, want %q", secrets.Verdict{State: state}, needsAdopt, got, want)
			}
		}
	}
}

func TestWhatIsRememberedOfTheLastWrite(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	try := &attempt{Version: 1, From: noon, To: noon.Add(time.Second)}
	entryOf := func(created time.Time, records map[secrets.Owner]secrets.Record) secrets.Entry {
		return secrets.Entry{Current: 1, Versions: map[int]secrets.Version{1: {Created: created}}, Records: records, Date: noon.Add(time.Hour)}
	}
	written := findings{Version: types.Int64Value(3), CreatedTime: timeValue(noon)}
	for _, row := range []struct {
		name     string
		state    findings
		attempt  *attempt
		entry    secrets.Entry
		version  int
		remember bool
	}{
		{"a write that Vault confirmed", written, nil, secrets.Entry{}, 3, true},
		{"a confirmed write outranks an attempt", written, try, entryOf(noon, nil), 3, true},
		{"nothing was ever written", findings{}, nil, entryOf(noon, nil), 0, false},
		{"the lost write landed", findings{}, try, entryOf(noon.Add(time.Second), nil), 1, true},
		{"it landed by a clock that is half a minute off", findings{}, try, entryOf(noon.Add(-30*time.Second), nil), 1, true},
		{"the lost write did not land", findings{}, try, secrets.Entry{}, 0, false},
		{"somebody wrote long after", findings{}, try, entryOf(noon.Add(2*time.Minute), nil), 0, false},
		{"somebody wrote long before", findings{}, try, entryOf(noon.Add(-2*time.Minute), nil), 0, false},
		{
			"somebody else says it is theirs", findings{}, try,
			entryOf(noon, map[secrets.Owner]secrets.Record{"person/ana": {Version: 1, Time: noon}}), 0, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wrote := lastWrite(row.state, memory{Attempt: row.attempt}, row.entry)
			if (wrote != nil) != row.remember || (wrote != nil && wrote.Version != row.version) {
				t.Errorf("remembers %+v, want version %d: %t", wrote, row.version, row.remember)
			}
		})
	}
}
