// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"cmp"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Compare orders secrets by workflow and name, and then connections.
func Compare(a, b secrets.Address) int {
	if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Group, b.Group); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}
