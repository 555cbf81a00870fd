// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Grace is how long a body that was replaced keeps its values: a reader that took
// the pointer before may still be reading (ARCHITECTURE.md, Connections).
const Grace = 10 * time.Minute

// Observation is what Vault's metadata says of one connection.
type Observation struct {
	// Pointer is the entry with the records.
	Pointer secrets.Entry
	// Body are the fields of the body that the holder's record names as the live one,
	// by name; nil where no record does.
	Body map[string]secrets.Entry
}

// Judge says how a connection stands as owner me sees it, from metadata alone. wrote
// is what me remembers of the pointer besides the record, nil for nothing. Pure.
func Judge(me secrets.Owner, o Observation, wrote *secrets.Written) secrets.Verdict {
	v := secrets.Judge(me, o.Pointer, wrote)
	if v.State != secrets.InSync {
		return v
	}
	record := o.Pointer.Records[me]
	for _, name := range slices.Sorted(maps.Keys(o.Body)) {
		if state, differs := judgeField(o.Body[name], record.Time); differs {
			state.Field = name
			return state
		}
	}
	if len(o.Body) < record.Fields {
		// An administrator removed the metadata too, so nothing tells its name or when.
		return secrets.Verdict{State: secrets.Purged, LastWritten: v.LastWritten}
	}
	return v
}

// judgeField judges a field of a live body. Its only version was written before the
// pointer was moved to the body, and nobody writes to it again.
func judgeField(field secrets.Entry, pointed time.Time) (secrets.Verdict, bool) {
	current := field.Versions[field.Current]
	v := secrets.Verdict{Version: field.Current, At: current.Created, LastWritten: 1}
	added := current.Created.After(pointed)
	switch {
	case added && field.Live():
		v.State = secrets.Overwritten
		if field.Current == 1 {
			v.LastWritten = 0
		}
	case added && field.Current == 1:
		return v, false // somebody added it and took it away again
	case current.Destroyed:
		v.State = secrets.Destroyed
	case !field.Live():
		v.State, v.At = secrets.Deleted, current.Deleted
	default:
		return v, false
	}
	return v, true
}

// superseding is what the record of a new live body names: that body, and what it
// replaces. Those that may go now are due. Pure.
func superseding(me secrets.Owner, pointer secrets.Entry, note secrets.Provenance, grace time.Duration) (next secrets.Provenance, due []string) {
	next = note
	_, last, found := pointer.LastOwner()
	if !found || last.Body == "" {
		return next, nil
	}
	old := last.Superseded[:]
	if settled(me, pointer, grace) {
		due, old = named(old), nil
	}
	copy(next.Superseded[:], append([]string{last.Body}, old...))
	return next, due
}

// settled reports whether the pointer has named this owner's live body for Grace, so
// that what that body replaced is read by nobody. Pure.
func settled(me secrets.Owner, pointer secrets.Entry, grace time.Duration) bool {
	holder, is := pointer.Owner()
	return is && holder == me && pointer.Date.Sub(pointer.Records[me].Time) > grace
}

// abandoned reports whether a body that this owner wrote for a pointer, and whose
// youngest field is of that age, is read by nobody. Pure.
func abandoned(pointer secrets.Entry, id string, age, grace time.Duration) bool {
	if age <= grace {
		return false
	}
	if _, _, claimed := pointer.LastOwner(); !claimed && !pointer.Live() {
		return true
	}
	holder, is := pointer.Owner()
	if !is {
		return false // which body it names is in no record
	}
	record := pointer.Records[holder]
	return record.Body != "" && record.Body != id && !slices.Contains(record.Superseded[:], id)
}

func named(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
}
