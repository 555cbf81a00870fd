// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func numbered(prefix string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func TestAssignGivesEachReplicaAtMostAQuarterMoreThanItsShare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ parts, replicas, most int }{
		{0, 3, 0}, {1, 3, 1}, {12, 1, 15}, {12, 4, 4}, {3, 50, 1}, {1000, 50, 25}, {1000, 7, 179},
	} {
		parts, replicas := numbered("team-", test.parts), numbered("relay-sync-", test.replicas)
		got := assign(parts, replicas)
		load := map[string]int{}
		for _, part := range parts {
			if !slices.Contains(replicas, got[part]) {
				t.Fatalf("%d of %d: %s falls to %q", test.parts, test.replicas, part, got[part])
			}
			load[got[part]]++
		}
		for replica, n := range load {
			if n > test.most {
				t.Errorf("%d of %d: %s has %d", test.parts, test.replicas, replica, n)
			}
		}
		slices.Reverse(parts)
		slices.Reverse(replicas)
		if diff := cmp.Diff(got, assign(parts, replicas)); diff != "" {
			t.Errorf("another order gives another result: %s", diff)
		}
	}
	if got := assign([]string{"a"}, nil); len(got) > 0 {
		t.Errorf("without a replica: %v", got)
	}
}

// TestAssignMovesFewPartsWhenAReplicaComesOrGoes counts the parts that move beyond those of
// the replica that is gone. The limit of each replica moves some.
func TestAssignMovesFewPartsWhenAReplicaComesOrGoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ parts, replicas int }{{12, 4}, {100, 4}, {1000, 10}, {1000, 50}} {
		parts, replicas := numbered("team-", test.parts), numbered("relay-sync-", test.replicas)
		before := assign(parts, replicas)
		worst := 0
		for gone := range replicas {
			after := assign(parts, slices.Delete(slices.Clone(replicas), gone, gone+1))
			moved := 0
			for _, part := range parts {
				if before[part] != replicas[gone] && before[part] != after[part] {
					moved++
				}
			}
			worst = max(worst, moved)
		}
		t.Logf("%d parts, %d replicas: at most %d others move", test.parts, test.replicas, worst)
		if share := (test.parts + test.replicas - 1) / test.replicas; worst > 2*share {
			t.Errorf("%d parts, %d replicas: %d parts move that were not of the replica that is gone, more than twice a share", test.parts, test.replicas, worst)
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	set := func(parts ...string) map[string]bool {
		out := map[string]bool{}
		for _, p := range parts {
			out[p] = true
		}
		return out
	}
	own, other := map[string]string{"a": "r-0"}, map[string]string{"a": "r-1"}
	claimed := map[string][]string{"r-1": {"a"}}
	for name, test := range map[string]struct {
		s      situation
		owners map[string]string
		want   decision
	}{
		"a part that falls to it is named first":         {situation{}, own, decision{claims: []string{"a"}}},
		"and then started":                               {situation{announced: set("a")}, own, decision{claims: []string{"a"}, start: []string{"a"}}},
		"but not while another replica names it":         {situation{announced: set("a"), claims: claimed}, own, decision{claims: []string{"a"}}},
		"a part that runs is started once":               {situation{announced: set("a"), running: set("a")}, own, decision{claims: []string{"a"}}},
		"and goes on while another replica names it":     {situation{announced: set("a"), running: set("a"), claims: claimed}, own, decision{claims: []string{"a"}}},
		"a part that falls to another is ended first":    {situation{announced: set("a"), running: set("a")}, other, decision{end: []string{"a"}, claims: []string{"a"}}},
		"and named no more after that":                   {situation{announced: set("a")}, other, decision{}},
		"a part that no replica has falls to no replica": {situation{}, nil, decision{}},
	} {
		test.s.self, test.s.parts = "r-0", []string{"a"}
		if diff := cmp.Diff(test.want, decide(test.s, test.owners), cmp.AllowUnexported(decision{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	leaving := situation{self: "r-0", announced: set("a"), running: set("a")}
	if diff := cmp.Diff(decision{end: []string{"a"}, claims: []string{"a"}}, decide(leaving, nil), cmp.AllowUnexported(decision{})); diff != "" {
		t.Errorf("a replica that leaves: %s", diff)
	}
}
