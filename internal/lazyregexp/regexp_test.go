// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package lazyregexp_test

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// TestInvalidExpressionStopsATest: in the program it would only panic when it is used.
func TestInvalidExpressionStopsATest(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the expression was not compiled")
		}
	}()
	lazyregexp.New(`(`)
}
