// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// TestEveryRecordUnderAnOlderKeyIsSigned has each entry alone: exactly one action writes
// its record, or it needs none.
func TestEveryRecordUnderAnOlderKeyIsSigned(t *testing.T) {
	t.Parallel()
	older := func(e secrets.Entry) secrets.Entry {
		e.MAC = secrets.MACOlderKey
		return e
	}
	released := recorded(func(r *secrets.Record) { r.Released = true })
	for name, row := range map[string]struct {
		wants  []Want
		entry  secrets.Entry
		in     Input
		signed bool
	}{
		"unchanged":                    {wants: want(nil), entry: older(entry(3, by(us, 3)))},
		"changed":                      {wants: changedWant(), entry: older(entry(3, by(us, 3)))},
		"deleted by this plan":         {entry: older(entry(3, by(us, 3)))},
		"drifted":                      {wants: want(nil), entry: older(entry(4, by(us, 3))), in: Input{Drift: ReportOnly}, signed: true},
		"pending approval":             {entry: older(entry(3, undeleted())), signed: true},
		"blocked":                      {entry: older(entry(3, by(us, 3))), in: Input{Failed: true}, signed: true},
		"of a refused file":            {entry: older(entry(3, by(us, 3))), in: Input{Failed: true, Refused: map[secrets.Address]bool{token: true}}, signed: true},
		"released":                     {entry: older(dead(entry(3, released))), signed: true},
		"below another owner's record": {entry: older(entry(4, map[secrets.Owner]secrets.Record{us: by(us, 3)[us], them: by(them, 4)[them]})), signed: true},
		"of no version":                {entry: older(entry(2, by(us, 3))), signed: true},
		"under the newest key":         {entry: dead(entry(3, released))},
		"not authentic":                {entry: notAuthentic(3, true)},
		"another owner's":              {entry: entry(3, by(them, 3))},
		"drifted and without a MAC":    {wants: want(nil), entry: func() secrets.Entry { e := entry(4, by(us, 3)); e.MAC = secrets.MACMissing; return e }(), in: Input{Drift: ReportOnly}},
		"of a history that is refused": {wants: changedWant(), entry: older(entry(3, foreignRevision())), in: Input{History: RefuseHistory, Descends: map[string]bool{strange: false}}, signed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := row.in
			in.Owner, in.Wants, in.Observed = us, row.wants, map[secrets.Address]secrets.Entry{token: row.entry}
			in.Deletes.AllowEmpty = true
			if in.Descends == nil {
				in.Descends = map[string]bool{note().Revision: true}
			}
			actions := Make(in)
			signatures := Signatures(in.Observed, actions)
			if got := len(signatures) == 1 && signatures[0].Address == token && signatures[0].Kind == Sign; got != row.signed {
				t.Errorf("signatures %+v, of the plan %+v", signatures, actions)
			}
		})
	}
}
