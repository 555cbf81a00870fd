// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// grace is how long a body that was replaced keeps its values: a reader that took
// the pointer before may still be reading (ARCHITECTURE.md, Connections).
const grace = 10 * time.Minute

// Judge compares a connection with the last write of owner me, from metadata alone.
// wrote is what me keeps of that write besides the record, nil for nothing. Pure.
func Judge(me secrets.Owner, e secrets.Entry, wrote *secrets.Written) secrets.Verdict {
	v := secrets.Judge(me, e, wrote)
	if v.State != secrets.InSync {
		return v
	}
	record := e.Records[me]
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if state, differs := judgeField(e.Fields[name], record.Time); differs {
			state.Field = name
			return state
		}
	}
	if len(e.Fields) < record.Body.Fields {
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

// superseding returns what the record of a new live body names as superseded, and the
// bodies that may be deleted now. Pure.
func superseding(me secrets.Owner, pointer secrets.Entry, grace time.Duration) (next secrets.Body, due []string) {
	_, last, found := pointer.LastOwner()
	if !found || last.Body.ID == "" {
		return next, nil
	}
	old := last.Body.Superseded[:]
	if settled(me, pointer, grace) {
		due, old = nonEmpty(old), nil
	}
	copy(next.Superseded[:], append([]string{last.Body.ID}, old...))
	return next, due
}

// settled reports whether the pointer has named this owner's live body for grace, so
// that what that body replaced is read by nobody. Pure.
func settled(me secrets.Owner, pointer secrets.Entry, grace time.Duration) bool {
	owner, is := pointer.Owner()
	return is && owner == me && pointer.Date.Sub(pointer.Records[me].Time) > grace
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
	owner, is := pointer.Owner()
	if !is {
		return false // which body it names is in no record
	}
	body := pointer.Records[owner].Body
	return body.ID != "" && body.ID != id && !slices.Contains(body.Superseded[:], id)
}

func nonEmpty(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
}
