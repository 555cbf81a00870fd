// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// TestObservedIsWhatVaultHasAfterTheSync: what was observed before its writes, with what they
// changed.
func TestObservedIsWhatVaultHasAfterTheSync(t *testing.T) {
	t.Parallel()
	const own, other = secrets.Owner("gitops/c/shop"), secrets.Owner("terraform/prod")
	scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}
	one, two := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	entry := func(owner secrets.Owner) secrets.Entry {
		e := secrets.Entry{Current: 1, Oldest: 1, Versions: map[int]secrets.Version{1: {Created: one}}, Records: map[secrets.Owner]secrets.Record{}}
		if owner != secrets.NoOwner {
			e.Records[owner] = secrets.Record{Version: 1, Time: one, Provenance: secrets.Provenance{Revision: "before", Origin: "old.yaml"}}
		}
		return e
	}
	inSync := Secret{Name: "a", Live: true, Version: 1, Changed: one, Owner: string(own), Source: "shop", File: "new.yaml", Revision: "before", Drift: "in sync"}
	written := inSync
	written.Version, written.Changed, written.Revision = 2, two, "now"
	with := func(s Secret, change func(*Secret)) Secret { change(&s); return s }
	blocked := func(s *Secret) { s.Waiting = &Waiting{Kind: plan.Blocked, Cause: "because"} }
	verdict := func(e secrets.Entry) secrets.Verdict { return secrets.Judge(own, e, nil) }
	for name, row := range map[string]struct {
		entry   secrets.Entry
		kind    plan.Kind
		planned bool
		err     error
		want    Secret
	}{
		"unchanged":       {entry: entry(own), kind: plan.Unchanged, want: inSync},
		"changed":         {entry: entry(own), kind: plan.Change, want: written},
		"taken over":      {entry: entry(other), kind: plan.Adopt, want: written},
		"only planned":    {entry: entry(own), kind: plan.Change, planned: true, want: inSync},
		"only the record": {entry: entry(own), kind: plan.UpdateRecord, want: with(inSync, func(s *Secret) { s.Revision = "now" })},
		"failed":          {entry: entry(own), kind: plan.Change, err: errors.New("because"), want: with(inSync, func(s *Secret) { s.Waiting = &Waiting{Kind: ActionFailed, Cause: "because"} })},
		"new and blocked": {kind: plan.Blocked, want: with(Secret{Name: "a", Source: "shop", File: "new.yaml", Drift: "absent"}, blocked)},
		"another owner's": {entry: entry(other), kind: plan.Blocked, want: with(inSync, func(s *Secret) {
			s.Owner, s.Drift, s.Drifted = string(other), "owned by "+string(other), true
			blocked(s)
		})},
		"deleted":              {entry: entry(own), kind: plan.Delete, want: Secret{Name: "a", Version: 1, Changed: one, Drift: "absent"}},
		"released":             {entry: entry(own), kind: plan.Release, want: Secret{Name: "a", Live: true, Version: 1, Changed: one, Drift: "unmanaged", Drifted: true}},
		"of others, no result": {entry: entry(other), want: Secret{Name: "a", Live: true, Version: 1, Changed: one, Owner: string(other), File: "old.yaml", Revision: "before", Drift: "in sync"}},
		"unmanaged, no result": {entry: entry(secrets.NoOwner), want: Secret{Name: "a", Live: true, Version: 1, Changed: one, Drift: "unmanaged", Drifted: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := scope.Secret("a")
			r := Report{Commit: "now", Applied: !row.planned}
			if row.kind != "" {
				result := Result{Action: plan.Action{Kind: row.kind, Address: a, Entry: row.entry, Verdict: verdict(row.entry), Cause: "because"}, Err: row.err}
				if !row.kind.Removes() {
					result.Want = &plan.Want{File: "new.yaml"}
				}
				if row.kind.Writes() && r.Applied && row.err == nil {
					result.Version, result.Created = 2, two
				}
				r.Results = []Result{result}
			}
			entries := map[secrets.Address]secrets.Entry{}
			if row.entry.Current > 0 {
				entries[a] = row.entry
			}
			if got := Observed(own, "shop", entries, nil, r).Secrets[a]; !reflect.DeepEqual(got, row.want) {
				t.Errorf("got  %+v %+v\nwant %+v %+v", got, got.Waiting, row.want, row.want.Waiting)
			}
			unseen := map[secrets.Scope]error{scope: errors.New("permission denied")}
			if got := Observed(own, "shop", nil, unseen, r).Secrets; len(got) > 0 {
				t.Errorf("of an unseen workflow: %+v", got)
			}
		})
	}
}

func TestLongCauseIsCut(t *testing.T) {
	t.Parallel()
	if got := cut(strings.Repeat("é", maxCause)); len(got) > maxCause+3 || !strings.HasSuffix(got, "é...") {
		t.Errorf("%d bytes, %q", len(got), got[len(got)-10:])
	}
}
