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
		s    decisionInput
		want decision
	}{
		{"no drift", decisionInput{onDrift: types.StringValue(onDriftOverwrite)}, keep},
		{"no drift, on_drift error", decisionInput{onDrift: types.StringValue(onDriftError)}, keep},
		{"a new value", decisionInput{onDrift: types.StringValue(onDriftOverwrite), valueChanged: true}, write},
		{"a new value, on_drift error", decisionInput{onDrift: types.StringValue(onDriftError), valueChanged: true}, write},
		{"drift is repaired", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftOverwrite)}, write},
		{"drift with warn", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftWarn)}, keepAndWarn},
		{"a new value ends drift with warn", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftWarn), valueChanged: true}, write},
		{"drift stops the plan", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftError)}, stopOnDrift},
		{"drift stops the plan of a new value", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftError), valueChanged: true}, stopOnDrift},
		{"another owner needs adopt", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftOverwrite)}, stopNotOwner},
		{"a new value does not adopt", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftWarn), valueChanged: true}, stopNotOwner},
		{"another owner with warn", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftWarn)}, keepAndWarn},
		{"another owner with error", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftError)}, stopOnDrift},
		{"adopt writes", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftOverwrite), adopt: types.BoolValue(true)}, write},
		{"warn does not adopt", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftWarn), adopt: types.BoolValue(true)}, keepAndWarn},
		{"an unfinished write is finished with warn", decisionInput{repair: repairWrite, unfinished: true, onDrift: types.StringValue(onDriftWarn)}, write},
		{"an unfinished write is finished with error", decisionInput{repair: repairWrite, unfinished: true, onDrift: types.StringValue(onDriftError)}, write},
		{"an unfinished write of a secret with another owner needs adopt", decisionInput{repair: repairAdopt, unfinished: true, onDrift: types.StringValue(onDriftOverwrite)}, stopNotOwner},
		{"an unknown value may have changed", decisionInput{onDrift: types.StringValue(onDriftOverwrite), valueUnknown: true}, decideInApply},
		{"an unknown value may end drift", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftWarn), valueUnknown: true}, decideInApply},
		{"drift is repaired with an unknown value", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftOverwrite), valueUnknown: true}, write},
		{"the version changed and the value is unknown", decisionInput{onDrift: types.StringValue(onDriftOverwrite), valueChanged: true, valueUnknown: true}, write},
		{"another owner with warn, value unknown", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftWarn), valueUnknown: true}, keepAndWarn},
		{"an unknown value does not adopt", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftOverwrite), valueUnknown: true}, stopNotOwner},
		{"an imported secret is written", decisionInput{imported: true, onDrift: types.StringValue(onDriftWarn)}, write},
		{"an imported secret of another owner needs adopt", decisionInput{imported: true, repair: repairAdopt, onDrift: types.StringValue(onDriftOverwrite)}, stopNotOwner},
		{"unknown on_drift without drift", decisionInput{onDrift: types.StringUnknown()}, keep},
		{"unknown on_drift with drift", decisionInput{repair: repairWrite, onDrift: types.StringUnknown()}, decideInApply},
		{"unknown on_drift does not adopt", decisionInput{repair: repairAdopt, onDrift: types.StringUnknown()}, keepAndWarn},
		{"unknown on_drift and an unfinished write", decisionInput{repair: repairWrite, unfinished: true, onDrift: types.StringUnknown()}, write},
		{"unknown adopt that is not needed", decisionInput{repair: repairWrite, onDrift: types.StringValue(onDriftOverwrite), adopt: types.BoolUnknown()}, write},
		{"unknown adopt that is needed", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftOverwrite), adopt: types.BoolUnknown()}, decideInApply},
		{"unknown adopt with warn", decisionInput{repair: repairAdopt, onDrift: types.StringValue(onDriftWarn), adopt: types.BoolUnknown()}, keepAndWarn},
		{"an unfinished write of a secret with another owner, with warn", decisionInput{repair: repairAdopt, unfinished: true, onDrift: types.StringValue(onDriftWarn)}, keepAndWarn},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := decide(row.s); got != row.want {
				t.Errorf("decision %d, want %d", got, row.want)
			}
		})
	}
}

func TestRepairFor(t *testing.T) {
	t.Parallel()
	for state := secrets.NotChecked; state <= secrets.Restored; state++ {
		for _, needsAdopt := range []bool{false, true} {
			want := repairWrite
			switch {
			case state == secrets.InSync || state == secrets.NotChecked:
				want = repairNone
			case needsAdopt:
				want = repairAdopt
			}
			if got := repairFor(secrets.Verdict{State: state}, needsAdopt); got != want {
				t.Errorf("%s, needs adopt %t: remedy %q, want %q", secrets.Verdict{State: state}, needsAdopt, got, want)
			}
		}
	}
}

func TestLastWrite(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	try := &unconfirmedWrite{Version: 1, From: noon, To: noon.Add(time.Second)}
	entryOf := func(created time.Time, records map[secrets.Owner]secrets.Record) secrets.Entry {
		return secrets.Entry{Current: 1, Versions: map[int]secrets.Version{1: {Created: created}}, Records: records, Date: noon.Add(time.Hour)}
	}
	written := computedAttributes{Version: types.Int64Value(3), CreatedTime: timeValue(noon)}
	for _, row := range []struct {
		name     string
		state    computedAttributes
		attempt  *unconfirmedWrite
		entry    secrets.Entry
		version  int
		remember bool
	}{
		{"a write that Vault confirmed", written, nil, secrets.Entry{}, 3, true},
		{"a confirmed write outranks an attempt", written, try, entryOf(noon, nil), 3, true},
		{"nothing was ever written", computedAttributes{}, nil, entryOf(noon, nil), 0, false},
		{"the lost write landed", computedAttributes{}, try, entryOf(noon.Add(time.Second), nil), 1, true},
		{"it landed by a clock that is half a minute off", computedAttributes{}, try, entryOf(noon.Add(-30*time.Second), nil), 1, true},
		{"the lost write did not land", computedAttributes{}, try, secrets.Entry{}, 0, false},
		{"a version from long after", computedAttributes{}, try, entryOf(noon.Add(2*time.Minute), nil), 0, false},
		{"a version from long before", computedAttributes{}, try, entryOf(noon.Add(-2*time.Minute), nil), 0, false},
		{
			"another owner has a record of it", computedAttributes{}, try,
			entryOf(noon, map[secrets.Owner]secrets.Record{"person/ana": {Version: 1, Time: noon}}), 0, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wrote := lastWrite(row.state, privateState{Unconfirmed: row.attempt}, row.entry)
			if (wrote != nil) != row.remember || (wrote != nil && wrote.Version != row.version) {
				t.Errorf("remembers %+v, want version %d: %t", wrote, row.version, row.remember)
			}
		})
	}
}
