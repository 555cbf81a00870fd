// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The label of the Leases of replicas that share, with the name of the election, and the
// annotation with the parts that a replica does or wants to do, as a JSON array.
const (
	shareLabel      = "relay-sync/election"
	partsAnnotation = "relay-sync/sources"
)

// maxAnnotation is the room for the parts: Kubernetes limits all annotations of an object to 256 KiB.
const maxAnnotation = 250 << 10

// Fit reports whether the Lease of one replica has room for the names of all parts.
func Fit(parts []string) bool {
	text, err := json.Marshal(parts)
	return err == nil && len(text) <= maxAnnotation
}

// roster is what a replica knows of the Leases of all replicas, by name.
type roster map[string]*peer

// peer is the Lease of one replica.
type peer struct {
	observed
	parts []string
}

// see takes a list that was answered at a time. first is false after the first list: a Lease
// that is new then was created since, by a live replica.
func (r roster) see(found []lease, now time.Time, first bool) {
	listed := map[string]bool{}
	for _, l := range found {
		m := l.metadata()
		listed[m.Name] = true
		if r[m.Name] == nil {
			r[m.Name] = &peer{observed: observed{changed: !first}}
		}
		p := r[m.Name]
		p.see(l, now)
		p.parts = nil
		_ = json.Unmarshal([]byte(m.Annotations[partsAnnotation]), &p.parts) // another program's text names no part
	}
	maps.DeleteFunc(r, func(name string, _ *peer) bool { return !listed[name] })
}

// free reports whether a replica released the Lease, or let it expire. sent is when the list
// was requested: if the last renewal was too long ago at that time, the list shows that no
// later one had arrived.
func (p *peer) free(sent time.Time) bool { return p.spec.Leader == "" || p.expired(sent) }

// live are the names of the Leases of live replicas.
func (r roster) live(sent time.Time) (names []string) {
	for name, p := range r {
		if !p.free(sent) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// seats are the names of the Leases that a replica may take. If none is free and each other
// replica was seen to be alive, next is the name of a new one. So a replica that is
// restarted again and again leaves no Lease behind each time: it waits until that of its
// former process has expired.
func (r roster) seats(election, identity string, sent time.Time) (free []string, next string) {
	waits := false
	for name, p := range r {
		switch {
		case p.spec.Leader == identity:
			return []string{name}, "" // of this process, from before it lost it
		case p.free(sent):
			free = append(free, name)
		case !p.changed:
			waits = true
		}
	}
	slices.Sort(free)
	if len(free) > 0 || waits {
		return free, ""
	}
	return nil, r.unused(election, 0)
}

// unused is the first name of a Lease from number n on that is not in the roster.
func (r roster) unused(election string, n int) string {
	for ; ; n++ {
		if name := seat(election, n); r[name] == nil {
			return name
		}
	}
}

// seat is the name of the n-th Lease of replicas that share.
func seat(election string, n int) string { return election + "-" + strconv.Itoa(n) }

// others are the identities of the live replicas but one, by the parts that they name.
func (r roster) others(self string, sent time.Time) map[string]string {
	out := map[string]string{}
	for _, name := range r.live(sent) {
		if name == self {
			continue
		}
		for _, part := range r[name].parts {
			out[part] = r[name].spec.Leader
		}
	}
	return out
}
