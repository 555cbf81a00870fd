// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var here = Location{Namespace: "team", Mount: "customers", Controller: "cluster-1", Source: "shop"}

// waiting is a plan with one delete that waits.
func waiting(change func(*Input)) []Action {
	none := 0
	in := Input{
		Owner: us, Deletes: DeletePolicy{Max: &none}, Descends: map[string]bool{older: true},
		Observed: map[secrets.Address]secrets.Entry{token: entry(3, by(us, 3))},
	}
	if change != nil {
		change(&in)
	}
	return Make(in)
}

func TestIDChangesWithEverythingThatAnApprovalPermits(t *testing.T) {
	t.Parallel()
	id := Pending(here, "c1", waiting(nil)).ID()
	if len(id) != 64 || id != Pending(here, "c1", waiting(nil)).ID() {
		t.Fatalf("the id is %q, and another the second time", id)
	}
	at := func(change func(*Location)) Location {
		other := here
		change(&other)
		return other
	}
	seen := map[string]string{id: "the plan"}
	for name, d := range map[string]*Document{
		"another commit":     Pending(here, "c2", waiting(nil)),
		"another namespace":  Pending(at(func(l *Location) { l.Namespace = "" }), "c1", waiting(nil)),
		"another mount":      Pending(at(func(l *Location) { l.Mount = "other" }), "c1", waiting(nil)),
		"another controller": Pending(at(func(l *Location) { l.Controller = "cluster-2" }), "c1", waiting(nil)),
		"another source":     Pending(at(func(l *Location) { l.Source = "till" }), "c1", waiting(nil)),
		"another version": Pending(here, "c1", waiting(func(in *Input) {
			in.Observed[token] = entry(4, by(us, 4))
		})),
		"another record of the version": Pending(here, "c1", waiting(func(in *Input) {
			in.Observed[token] = entry(3, undeleted())
		})),
		"another cause": Pending(here, "c1", waiting(func(in *Input) { in.Deletes, in.Empty = DeletePolicy{}, true })),
	} {
		if d == nil {
			t.Errorf("%s: nothing waits", name)
			continue
		}
		if other := seen[d.ID()]; other != "" {
			t.Errorf("%s has the id of %s", name, other)
		}
		seen[d.ID()] = name
	}
}

// TestIDIsOfWhatChanges: other secrets of the source do not matter.
func TestIDIsOfWhatChanges(t *testing.T) {
	t.Parallel()
	other := token
	other.Name = "other"
	alone := Pending(here, "c1", waiting(nil)).ID()
	both := waiting(func(in *Input) { in.Wants = []Want{{Address: other, File: "a.yaml"}} })
	if len(both) != 2 || Pending(here, "c1", both).ID() == alone {
		t.Errorf("an add does not change the id: %+v", both)
	}
	for _, kind := range []Kind{Unchanged, Drift, Blocked, PendingHandOver} {
		both[0].Kind = kind
		if both[0].Address != other || Pending(here, "c1", both).ID() != alone {
			t.Errorf("%s changes the id", kind)
		}
	}
	if d := Pending(here, "c1", []Action{{Kind: Add, Address: other}}); d != nil {
		t.Errorf("nothing waits: %+v", d)
	}
}

// TestDocumentSurvivesJSON: the person's program computes the id from what it parsed.
func TestDocumentSurvivesJSON(t *testing.T) {
	t.Parallel()
	d := Pending(here, "c1", waiting(nil))
	d.Actions[0].Cause = "<b>&\u2028\U0001F600\x7f\b\f\"\\/é"
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseDocument(text)
	if err != nil || parsed.ID() != d.ID() {
		t.Errorf("%v: %s", err, cmp.Diff(*d, parsed))
	}
}

func TestParseDocumentRefusesWhatItWouldNotShow(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(Pending(here, "c1", waiting(nil)))
	if err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string][2]string{
		"an unknown field":       {`"format"`, `"more":1,"format"`},
		"an unknown field below": {`"path"`, `"more":1,"path"`},
		"another format":         {`relay-plan/1`, `relay-plan/2`},
		"a mount in a folder":    {`"mount":"customers"`, `"mount":"../x"`},
		"a source with a slash":  {`"source":"shop"`, `"source":"a/b"`},
		"a path of another one":  {`"name":"`, `"name":"x`},
		"nothing that waits":     {`"action":"pending approval"`, `"action":"delete"`},
		"no JSON":                {`{`, `[`},
		"a number as text":       {`"version":3`, `"version":"3"`},
	} {
		text := strings.Replace(string(good), replace[0], replace[1], 1)
		if text == string(good) {
			t.Errorf("%s: nothing to replace in %s", name, good)
		}
		if _, err := ParseDocument([]byte(text)); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangedFilesAreThoseSinceTheRecord(t *testing.T) {
	t.Parallel()
	record := func(change func(*secrets.Record)) []Action {
		return waiting(func(in *Input) {
			e := entry(3, by(us, 3))
			r := e.Records[us]
			r.Revision, r.Origin = older, "secrets/old.yaml"
			change(&r)
			e.Records[us] = r
			in.Observed[token] = e
		})
	}
	for name, row := range map[string]struct {
		actions []Action
		want    map[string][]string
		whole   bool
	}{
		"a removed file":   {record(func(*secrets.Record) {}), map[string][]string{older: {"secrets/old.yaml"}}, true},
		"no path":          {record(func(r *secrets.Record) { r.Origin = "" }), nil, false},
		"a shortened path": {record(func(r *secrets.Record) { r.Origin = "secrets/lo~0123456789abcdef" }), nil, false},
		"no revision":      {record(func(r *secrets.Record) { r.Revision = "" }), nil, false},
	} {
		got, whole := ChangedFiles(row.actions, us)
		if diff := cmp.Diff(row.want, got); diff != "" || whole != row.whole {
			t.Errorf("%s: whole %v: %s", name, whole, diff)
		}
	}
}
