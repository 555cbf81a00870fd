// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package porttest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// lowest and limit bound the ports. Linux chooses from 32768 on, others from 49152 on.
const (
	lowest = 10_000
	limit  = 32_768
)

// Address returns an address of this machine at which nothing listens, which no other test
// takes before the end of this one.
func Address(t testing.TB) string {
	t.Helper()
	var local net.ListenConfig
	for range limit {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowest+rand.IntN(limit-lowest))) //nolint:gosec // not a secret
		reservation, err := local.ListenPacket(t.Context(), "udp", address)
		if err != nil {
			continue // of another test
		}
		listener, err := local.Listen(t.Context(), "tcp", address)
		if err != nil { // of a program
			_ = reservation.Close()
			continue
		}
		_ = listener.Close()
		t.Cleanup(func() { _ = reservation.Close() })
		return address
	}
	t.Fatal("no free port found")
	return ""
}
