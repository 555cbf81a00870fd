// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package foreigntest has hostile texts, and checks an output that may contain them.
//
// The check shares no code with package foreign: it states what a terminal and a CI system
// must not receive.
package foreigntest
