// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import "testing"

// A reader who deletes the secret at its former owner first leaves the workflow without a
// value until the new owner writes.
func TestNotOwnerErrorPutsTheTakeoverFirst(t *testing.T) {
	t.Parallel()
	address := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	for owner, want := range map[Owner]string{
		NoOwner:                 "secret deploy/token already exists and is unmanaged; adopt it to take it over",
		"terraform/shop":        "secret deploy/token is owned by terraform/shop; adopt it to take it over, and remove it from that Terraform configuration only after that",
		"gitops/cluster-1/shop": "secret deploy/token is owned by gitops/cluster-1/shop; adopt it to take it over, and remove it from the files of that source only after that",
		"person/ada":            "secret deploy/token is owned by person/ada; adopt it to take it over",
	} {
		if got := (&NotOwnerError{Address: address, Owner: owner}).Error(); got != want {
			t.Errorf("owner %q:\n%s\nwant:\n%s", owner, got, want)
		}
	}
}
