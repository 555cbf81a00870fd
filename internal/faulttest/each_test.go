// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package faulttest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestSampleIsAlwaysTheSameAndAsLargeAsAsked(t *testing.T) {
	t.Parallel()
	for _, requests := range []int{1, 2, 7, 25, 100} {
		for _, most := range []int{part, 60, 5000} {
			total := len(Faults()) * requests
			tries := chosen("create", total, most)
			if len(slices.Compact(slices.Clone(tries))) != min(total, most) || tries[len(tries)-1] >= total {
				t.Errorf("%d tries of %d: %v", most, total, tries)
			}
			if !slices.Equal(tries, chosen("create", total, most)) {
				t.Errorf("%d tries of %d differ in the next run", most, total)
			}
		}
	}
}

func TestFaultHitsItsRequestOrAllFromItOn(t *testing.T) {
	t.Parallel()
	for _, f := range Faults() {
		f = f.At(2)
		for n, want := range map[int]bool{1: false, 2: true, 3: f.Onward} {
			if got := !reflect.DeepEqual(f.Hook(n, nil), vaulttest.Action{}); got != want {
				t.Errorf("%s: request %d has the fault: %t", f.Name, n, got)
			}
		}
	}
}
