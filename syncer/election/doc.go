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
// # Shared work
//
// Replicas can share parts of the work instead (Share). Each has a Lease of its own, with the
// parts that it does or is about to do in an annotation. One Lease for each part would cost as many
// renewals as there are parts; so a replica sends two requests in an interval, however many parts
// there are: it renews its Lease, and lists those of all. Each computes from the live replicas which
// parts fall to it (assign). Before it starts one, it names it in its Lease and then reads the
// others (decide): of two replicas that name the same part, the later one sees the other. It
// names it until the part has ended. So two replicas never do the same part, even if they
// disagree on which replicas live. For a replica that does not renew its Lease the promises above
// hold: it ends its parts before the others take them.
//
// The Leases have numbers, so that a Role can permit their update by name, and a replica takes a
// free one before it creates another. So their number is that of the replicas.
//
// An election saves requests and extra versions. It is not needed for correctness:
// two leaders at the same time, which clocks and networks can cause, do no harm,
// because every write uses check-and-set.
//
// # What this package must not do
//
// It must send Kubernetes no requests but get, create and update of one Lease, or list, create and
// update of those of the replicas that share.
package election
