// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package faulttest

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"
)

var (
	// all is the long form, which make proof runs.
	all = flag.Bool("faults.all", false, "try each fault at each request (make proof), not a part of them")
	// seed changes which tries a part is.
	seed = flag.Uint("faults.seed", 0, "which tries are made where not all are")
)

// part is how many of the tries of one operation a test without -faults.all makes.
const part = 2

// Each runs a subtest for each fault at each request of an operation. requests counts those
// without a fault.
func Each(t *testing.T, operation string, requests int, try func(t *testing.T, f Fault)) {
	t.Helper()
	Sample(t, operation, requests, requests*len(Faults()), try)
}

// Sample is Each for an operation that sends the same requests many times, or that Each tries in
// another form: the long form makes at most this many of the tries, spread over all requests and
// faults.
func Sample(t *testing.T, operation string, requests, most int, try func(t *testing.T, f Fault)) {
	t.Helper()
	if requests < 1 {
		t.Fatalf("%s: no request, so no fault: the test proves nothing", operation)
	}
	if !*all {
		most = part
	}
	faults := Faults()
	for _, i := range chosen(operation, len(faults)*requests, most) {
		f := faults[i%len(faults)].At(1 + i/len(faults))
		t.Run(fmt.Sprintf("%s, %s at request %d of %d", operation, f.Name, f.at, requests), func(t *testing.T) {
			t.Parallel()
			try(t, f)
		})
	}
}

// chosen are the tries that are made: for one seed the same ones each time, others for each operation.
func chosen(operation string, total, most int) []int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(operation))
	tries := rand.New(rand.NewPCG(uint64(*seed), h.Sum64())).Perm(total)[:min(total, most)] //nolint:gosec // not a secret
	slices.Sort(tries)
	return tries
}
