// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"cmp"
	"fmt"
)

// Encoding decides about a value that Vault cannot store as it is, or that Relay's readers
// would decode: one that is not UTF-8, contains NUL, or begins with "base64:".
type Encoding string

// The encodings.
const (
	// RelayEncoding writes such a value in Relay's transfer encoding, which only Relay's
	// readers decode. The default.
	RelayEncoding Encoding = "relay"
	// RefuseEncoding writes no such value: every reader gets what was written.
	RefuseEncoding Encoding = "refuse"
)

// ParseEncoding parses the name of an encoding; empty is the default.
func ParseEncoding(text string) (Encoding, error) {
	e := cmp.Or(Encoding(text), RelayEncoding)
	if e != RelayEncoding && e != RefuseEncoding {
		return "", fmt.Errorf("must be %q or %q; it is %s", RelayEncoding, RefuseEncoding, quoteName(text))
	}
	return e, nil
}

// checkEncoding rejects a value that the encoding does not permit. The error does not
// state which of the three it is: that is a part of the value.
func (v Value) checkEncoding(e Encoding) error {
	if e == RefuseEncoding && v.transferred() {
		return invalidf("the value needs Relay's transfer encoding, which encoding = %q forbids: it is not UTF-8, contains a NUL byte, or begins with %q; "+
			"write it as base64, and decode it in the step", RefuseEncoding, TransferPrefix)
	}
	return nil
}
