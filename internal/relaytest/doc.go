// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package relaytest reads secrets and connections with Relay's own code. It runs
// bin/relay-reader, which is built from relay-core, so tests see what a step of a Relay
// workflow reads.
//
// It is for tests only.
package relaytest
