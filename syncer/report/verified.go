// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// Verified is what is known of a manifest without a key and without Vault.
type Verified struct {
	// Source is empty for a file that was named by itself.
	Source string
	// Commit is empty for a file on disk.
	Commit string
	// File is empty if the commit of the source has none.
	File string
	// Secrets and Connections are how many the manifest has, 0 if it is refused.
	Secrets, Connections int
	// Leaves are the secrets and the fields of the connections, encrypted.
	Leaves []sopsfile.Leaf
	// Notes are remarks that stop nothing.
	Notes []string
	Err   error
}

// Undeletion is the outcome of an undelete of one secret.
type Undeletion struct {
	Source  string
	Address secrets.Address
	// Record has the version and its provenance.
	Record secrets.Record
	// Err is why the secret was not undeleted.
	Err error
}
