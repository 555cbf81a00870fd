// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package throttle limits attempts to log in to the web page.
//
// Vault locks a user for everybody after five failed logins. So after four failures of a
// name from one client the page refuses that name from that client for a while, and sends
// nothing to Vault: others, and the same person from elsewhere, can still log in. A client
// can try only a number of names and tokens in a time. Memory is bounded.
package throttle
