// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package election runs the work of a controller in one of several replicas. It uses
// a Kubernetes Lease by the rules of client-go's leader election, with which it may share
// a Lease. It does not link client-go, which was a third of the program for three requests.
//
// # Promises
//
// Only the leader, the replica that has the lease, works. A replica that stops first
// ends its work and then releases the lease, so that another replica takes over
// within seconds. A leader that cannot renew the lease cancels its work before the
// lease expires for the others; work that takes longer to end may overlap. If the
// leader dies, another replica takes over when the lease expires. A candidate measures
// that by its own clock, from when it saw the last renewal; it compares no clocks.
//
// An election saves requests and extra versions. It is not needed for correctness:
// two leaders at the same time, which clocks and networks can cause, do no harm,
// because every write uses check-and-set.
//
// # What this package must not do
//
// It must send Kubernetes no requests but get, create and update of one Lease.
package election
