// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// inList is a Lease as a list has it.
func inList(t *testing.T, name, leader, renewed string, parts string) lease {
	t.Helper()
	m, err := json.Marshal(map[string]any{"name": name, "resourceVersion": "1", "annotations": map[string]string{partsAnnotation: parts}})
	if err != nil {
		t.Fatal(err)
	}
	return lease{Metadata: m, Spec: spec{Leader: leader, Seconds: 30, Renewed: renewed}}
}

func TestReplicaWaitsForALeaseUntilItKnowsWhichReplicasLive(t *testing.T) {
	t.Parallel()
	start := time.Now()
	type seats struct {
		Free []string
		Next string
	}
	for name, test := range map[string]struct {
		lists [][]lease // one every 5 seconds
		later time.Duration
		want  seats
	}{
		"the first one":                         {[][]lease{{}}, 0, seats{nil, "e-0"}},
		"a released Lease is free":              {[][]lease{{inList(t, "e-0", "", "1", "")}}, 0, seats{[]string{"e-0"}, ""}},
		"one that may be of a dead replica":     {[][]lease{{inList(t, "e-0", "b", "1", "")}}, 0, seats{}},
		"one that is of a dead replica":         {[][]lease{{inList(t, "e-0", "b", "1", "")}}, 30 * time.Second, seats{[]string{"e-0"}, ""}},
		"one of a live replica":                 {[][]lease{{inList(t, "e-0", "b", "1", "")}, {inList(t, "e-0", "b", "2", "")}}, 0, seats{nil, "e-1"}},
		"one of this process":                   {[][]lease{{inList(t, "e-0", "", "1", ""), inList(t, "e-1", "a", "1", "")}}, 0, seats{[]string{"e-1"}, ""}},
		"one that was created meanwhile":        {[][]lease{{}, {inList(t, "e-0", "b", "1", "")}}, 0, seats{nil, "e-1"}},
		"a gap in the numbers is filled":        {[][]lease{{inList(t, "e-1", "b", "1", "")}, {inList(t, "e-1", "b", "2", "")}}, 0, seats{nil, "e-0"}},
		"a deleted one is free for a new Lease": {[][]lease{{inList(t, "e-0", "b", "1", "")}, {}}, 0, seats{nil, "e-0"}},
	} {
		r := roster{}
		at := start
		for i, list := range test.lists {
			at = start.Add(time.Duration(i) * 5 * time.Second)
			r.see(list, at, i == 0)
		}
		var got seats
		got.Free, got.Next = r.seats("e", "a", at.Add(test.later))
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestALeaseHasRoomForTenThousandSources(t *testing.T) {
	t.Parallel()
	if name := "team-with-a-name-"; !Fit(numbered(name, 10_000)) || Fit(numbered(name, 12_000)) {
		t.Error("the limit is not as the guide has it")
	}
}

// TestListThatIsAnsweredLateShowsNoDeadReplica: the Lease may have been renewed between the
// request and the answer.
func TestListThatIsAnsweredLateShowsNoDeadReplica(t *testing.T) {
	t.Parallel()
	start := time.Now()
	r := roster{}
	list := []lease{inList(t, "e-0", "b", "1", `["x"]`), inList(t, "e-1", "c", "1", "no JSON"), inList(t, "e-2", "", "1", `["y"]`)}
	r.see(list, start, true)
	r.see(list, start.Add(40*time.Second), false)
	if diff := cmp.Diff([]string{"e-0", "e-1"}, r.live(start.Add(29*time.Second))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"x": "b"}, r.others("e-1", start.Add(29*time.Second))); diff != "" {
		t.Error(diff)
	}
	if live := r.live(start.Add(30 * time.Second)); len(live) > 0 {
		t.Errorf("expired: %v", live)
	}
}
