// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// grace is how long a replaced body keeps its values: a reader that read the pointer
// before may still be reading (ARCHITECTURE.md, Connections).
const grace = 10 * time.Minute

// Judge compares a connection with the last write of owner me, from metadata alone.
// baseline is that write as me keeps it besides the record, nil for nothing. Pure.
func Judge(me secrets.Owner, e secrets.Entry, baseline *secrets.Written) secrets.Verdict {
	v := secrets.Judge(me, e, baseline)
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
		// An administrator removed the metadata too, so its name and time are not known.
		return secrets.Verdict{State: secrets.Purged, LastWritten: v.LastWritten}
	}
	return v
}

// judgeField judges a field of a live body. Its only version was written before the
// pointer was moved to the body, and this product never writes to it again.
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
		return v, false // another writer added it and deleted it again
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

// settled reports whether the pointer has named this owner's live body for the grace
// period, so that no reader uses the body before it. Pure.
func settled(me secrets.Owner, pointer secrets.Entry, grace time.Duration) bool {
	owner, is := pointer.Owner()
	return is && owner == me && pointer.Date.Sub(pointer.Records[me].Time) > grace
}

// claimedBodies are the bodies that the record of a deleted version of the pointer
// names. A record that was never written names none; DeleteOrphaned finds those. Pure.
func claimedBodies(claim secrets.Claim, pointer secrets.Entry) []string {
	record := pointer.Records[claim.Owner]
	if !claim.Names(record) {
		return nil
	}
	return nonEmpty(append(record.Body.Superseded[:], record.Body.ID))
}

// abandoned reports whether no reader uses a body that this owner wrote for a pointer,
// and whose youngest field is of that age. Pure.
func abandoned(pointer secrets.Entry, id string, age, grace time.Duration) bool {
	if age <= grace {
		return false
	}
	if _, _, claimed := pointer.LastOwner(); !claimed && !pointer.Live() {
		return true
	}
	owner, is := pointer.Owner()
	if !is {
		return false // no record contains the id of the body that it names
	}
	body := pointer.Records[owner].Body
	return body.ID != "" && body.ID != id && !slices.Contains(body.Superseded[:], id)
}

func nonEmpty(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
}
