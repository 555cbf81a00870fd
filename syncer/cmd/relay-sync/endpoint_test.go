// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net"
	"strings"
	"testing"
)

func TestAddressIsBoundAfterTheProgramThatUsesItStopped(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, e := other.Addr().String(), endpoints{}
	if err := e.bind(t.Context(), nil, "listen", address); err == nil || !strings.Contains(err.Error(), "Hint: stop the program that uses "+address) {
		t.Errorf("while it runs: %v", err)
	}
	_ = other.Close()
	if err := e.bind(t.Context(), nil, "listen", address); err != nil {
		t.Fatal(err)
	}
	_ = e[address].listener.Close()
}
