// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestDescribeOwner(t *testing.T) {
	t.Parallel()
	for owner, want := range map[secrets.Owner]string{
		"terraform/shop":                       "the Terraform configuration shop",
		"gitops/main/shop":                     "the git source shop of main",
		"team/shop":                            "the team shop",
		"person/ada-0123456789abcdef":          "ada",
		"person/ada-king-0123456789abcdef":     "ada-king",
		"person/a-name-of-thirty-characters--": "a-name-of-thirty-characters--", // without a hash
		secrets.NoOwner:                        "an unknown writer",
	} {
		if got := describeOwner(owner); got != want {
			t.Errorf("%q: %q, expected %q", owner, got, want)
		}
	}
}
