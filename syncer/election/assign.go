// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// assign shares parts out among replicas, and returns the replica of each part. Each part
// goes to the replica with the highest score for it (rendezvous hashing) that has room,
// so a replica that comes or goes moves few parts. Without the limit the luck of hashing
// would give one of many replicas far more than its share. All replicas compute the same
// from the same lists, in whatever order.
func assign(parts, replicas []string) map[string]string {
	out := map[string]string{}
	if len(replicas) == 0 {
		return out
	}
	room := (len(parts)*5 + 4*len(replicas) - 1) / (4 * len(replicas)) // a quarter more than the mean
	replicas = slices.Sorted(slices.Values(replicas))
	load, hashes := make([]int, len(replicas)), make([]uint64, len(replicas))
	for i, r := range replicas {
		hashes[i] = hash(r)
	}
	for _, part := range slices.Sorted(slices.Values(parts)) {
		best, highest, h := -1, uint64(0), hash(part)
		for i := range replicas {
			if s := score(h, hashes[i]); load[i] < room && (best < 0 || s > highest) {
				best, highest = i, s
			}
		}
		out[part] = replicas[best]
		load[best]++
	}
	return out
}

func hash(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}

// score mixes two hashes (the finalizer of SplitMix64).
func score(part, replica uint64) uint64 {
	x := part ^ replica
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// situation is what a replica knows when it decides.
type situation struct {
	// self is the Lease of this replica, and parts are those to share.
	self  string
	parts []string
	// claims are the parts that the Lease of each other live replica names. They were read
	// after the Lease of this replica named the parts announced.
	claims    map[string][]string
	announced map[string]bool
	// running are the parts that this replica does, also those that are about to end.
	running map[string]bool
}

// decision is what a replica does next: start parts, end parts, and name claims in its
// Lease.
type decision struct{ start, end, claims []string }

// decide makes sure that two replicas never do the same part. A replica starts a part only
// if its Lease named the part before it read the others, and no other one names it. Of two
// replicas that name the same part, the one whose Lease did so later sees the other. A
// replica keeps naming a part until it has ended it.
func decide(s situation, owners map[string]string) (out decision) {
	claimed := map[string]bool{}
	for _, parts := range s.claims {
		for _, part := range parts {
			claimed[part] = true
		}
	}
	all := slices.AppendSeq(slices.Clone(s.parts), maps.Keys(s.running))
	slices.Sort(all)
	for _, part := range slices.Compact(all) {
		falls := owners[part] == s.self
		switch {
		case s.running[part] && !falls:
			out.end = append(out.end, part)
		case falls && !s.running[part] && s.announced[part] && !claimed[part]:
			out.start = append(out.start, part)
		}
		if falls || s.running[part] {
			out.claims = append(out.claims, part)
		}
	}
	return out
}
