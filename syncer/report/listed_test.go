// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"errors"
	"strings"
	"testing"
)

// TestManyFailuresAreCut: all are counted, and the text of those that are listed is
// bounded, too.
func TestManyFailuresAreCut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ failures, bytes, listed int }{
		{2, 10, 2}, {50, 10, 50}, {5000, 10, 50}, {5000, 40 << 10, 2},
	} {
		r := Report{}
		for range row.failures {
			r.Failures = append(r.Failures, Failure{Err: errors.New(strings.Repeat("x", row.bytes))})
		}
		listed, more := r.ListedFailures()
		if len(listed) != row.listed || more != row.failures-row.listed || r.Summary().Failed != row.failures || len(r.Problems()) != row.listed {
			t.Errorf("%+v: %d and %d more, %d problems, %d failed", row, len(listed), more, len(r.Problems()), r.Summary().Failed)
		}
	}
}
