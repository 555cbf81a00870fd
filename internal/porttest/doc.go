// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package porttest gives tests addresses for programs that cannot take a free one themselves,
// because their configuration or another program has to name it first.
//
// Between the choice of a port and its use no other test takes it: the port is below those
// that the kernel chooses for connections and for listeners at port 0, and the UDP port of the
// same number, which nothing else uses, reserves it among all processes that use this package.
//
// It is for tests only.
package porttest
