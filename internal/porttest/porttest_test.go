// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package porttest

import (
	"net"
	"strconv"
	"testing"
)

// TestAddressIsReservedAndFree for the program of the test alone.
func TestAddressIsReservedAndFree(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		address := Address(t)
		_, text, err := net.SplitHostPort(address)
		port, _ := strconv.Atoi(text)
		if err != nil || port < lowest || port >= limit || seen[address] {
			t.Errorf("%s, before: %v", address, seen[address])
		}
		seen[address] = true
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = listener.Close()
	}
}
