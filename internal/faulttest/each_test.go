// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package faulttest

import (
	"reflect"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestPartIsAlwaysTriedAndSmall(t *testing.T) {
	t.Parallel()
	for _, requests := range []int{1, 2, 7, 25, 100} {
		total, tried := len(Faults())*requests, 0
		for i := range total {
			if inPart("create", i, total) {
				tried++
			}
		}
		if tried != part {
			t.Errorf("%d requests: %d tries, want %d", requests, tried, part)
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
