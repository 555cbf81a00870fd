// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package faulttest

import (
	"flag"
	"fmt"
	"hash/fnv"
	"testing"
)

// all is the long form, which make proof runs.
var all = flag.Bool("faults.all", false, "try each fault at each request (make proof), not a part of them")

// part is how many of the tries of one operation a test without -faults.all makes.
const part = 2

// Each runs a subtest for each fault at each request of an operation. requests counts those
// without a fault.
func Each(t *testing.T, operation string, requests int, try func(t *testing.T, f Fault)) {
	t.Helper()
	if requests < 1 {
		t.Fatalf("%s: no request, so no fault: the test proves nothing", operation)
	}
	faults := Faults()
	for i := range len(faults) * requests {
		if !*all && !inPart(operation, i, len(faults)*requests) {
			continue
		}
		f := faults[i%len(faults)].At(1 + i/len(faults))
		t.Run(fmt.Sprintf("%s, %s at request %d of %d", operation, f.Name, f.at, requests), func(t *testing.T) {
			t.Parallel()
			try(t, f)
		})
	}
}

// inPart chooses the tries of the short form: the same ones each time, others for each operation.
func inPart(operation string, i, total int) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(operation))
	const prime = 7919 // larger than any total, so that the tries are spread
	return (i*prime+int(h.Sum32()))%total < part
}
