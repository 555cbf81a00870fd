// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

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
