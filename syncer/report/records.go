// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import "github.com/relay-secrets/terraform-provider-relay/internal/secrets"

// UnsignedRecord is a record of a source without a valid MAC, and what became of it.
type UnsignedRecord struct {
	Source  string
	Address secrets.Address
	// Entry is what was observed.
	Entry secrets.Entry
	// Record is the record as the entry contains it.
	Record secrets.Record
	// Signed: the record was signed.
	Signed bool
	// Err is why it cannot be signed, or was not.
	Err error
}

// Problem is what is wrong with the MAC of the record.
func (u UnsignedRecord) Problem() string {
	if u.Entry.MAC == secrets.MACMissing {
		return "no MAC"
	}
	return "invalid MAC"
}
