// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package election lets one of several replicas work, by a Lease of Kubernetes and
// client-go's own election.
//
// # Promises
//
// Who does not hold the lease does not work. Who is told to stop ends the work
// first and then gives the lease back, so that another goes on within seconds. Who
// can no longer renew it ends the work before the lease runs out for the others,
// as far as the work ends within that time. Who dies is replaced once the lease has
// run out.
//
// An election saves work and extra versions; it guards nothing. Two that hold
// themselves elected, as clocks and networks allow, do no harm: every write carries
// check-and-set.
//
// # What this package must not do
//
// It asks Kubernetes for nothing but get, create and update of one Lease.
package election
