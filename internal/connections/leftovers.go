// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// grace is how long a body keeps its values after its pointer was moved or deleted: a
// reader that read the pointer before may still be reading (ARCHITECTURE.md, Connections).
const grace = 10 * time.Minute

// linger is how long a body that the record has no room for keeps its values at least: of
// several changes in the grace period, the third one deletes the oldest body.
const linger = time.Second

// superseding returns what the record of a new live body names as superseded, and the names
// that it drops: those of bodies that no reader uses any more, and the oldest ones that the
// record has no room for. The dropped bodies, and older ones of this owner without a name, have
// to be deleted before the pointer moves: later searches begin at the oldest name. Pure.
func superseding(me secrets.Owner, pointer secrets.Entry, grace time.Duration) (next secrets.Body, dropped []string) {
	var names []string
	if _, last, found := pointer.LastOwner(); found {
		names = named(last.Body)
	}
	for _, id := range accounted(me, pointer) {
		if !slices.Contains(names, id) {
			names = append(names, id)
		}
	}
	room := min(len(next.Superseded), len(names))
	if settled(me, pointer, grace) {
		room = min(room, 1)
	}
	copy(next.Superseded[:], names[:room])
	return next, names[room:]
}

// earliest is an id that no body has, older than that of each body. An owner that never recorded
// a write of a pointer can have written bodies whose record failed, and the pointer can name one.
// Its first record names this id, so that they are searched for.
const earliest = "00000000-0001-8000-8000-000000000000"

// accounted are the bodies up to which an owner's record of a pointer accounts for all. Pure.
func accounted(me secrets.Owner, pointer secrets.Entry) []string {
	names := named(pointer.Records[me].Body)
	if len(names) == 0 && pointer.Current > 0 {
		return []string{earliest}
	}
	return names
}

// unnamedBefore are the bodies in no record that are not younger than the oldest that a record
// will name. The pointer has not named them since it names that one. ids are as of leftoversOf. Pure.
func unnamedBefore(next secrets.Body, me secrets.Owner, pointer secrets.Entry, ids []string) []string {
	oldest := oldestOf(nonEmpty(next.Superseded[:]))
	return slices.DeleteFunc(leftoversOf(me, pointer, ids, grace).unnamed, func(text string) bool {
		id, _ := parseID(text)
		return id.made() > oldest || slices.Contains(next.Superseded[:], text)
	})
}

// oldestOf is when the oldest of these bodies was made; 0 if that is not known. Pure.
func oldestOf(ids []string) int64 {
	oldest := int64(0)
	for _, text := range ids {
		if id, is := parseID(text); is && (oldest == 0 || id.made() < oldest) {
			oldest = id.made()
		}
	}
	return oldest
}

// untilDeletable is how long to wait before bodies that a record has no room for may be
// deleted: a reader may have read the pointer just before it was moved to the next one. now
// is by Vault's clock. Pure.
func untilDeletable(next secrets.Body, now time.Time) time.Duration {
	names := nonEmpty(next.Superseded[:])
	if len(names) == 0 {
		return 0
	}
	moved, is := parseID(names[len(names)-1])
	if !is {
		return linger
	}
	return min(max(linger-now.Sub(time.UnixMilli(moved.made())), 0), linger)
}

// unsettled are the bodies that the released record of an owner names and that may be
// live, the youngest first. Pure.
func unsettled(me secrets.Owner, pointer secrets.Entry) []string {
	record := pointer.Records[me]
	if !record.Released || record.Body.Fields == 0 {
		return nil
	}
	return named(record.Body)
}

// named are the bodies that a record names, the youngest first. Pure.
func named(b secrets.Body) []string { return nonEmpty(append([]string{b.ID}, b.Superseded[:]...)) }

// settled reports whether the pointer has named this owner's live body for the grace
// period, so that no reader uses the body before it. Pure.
func settled(me secrets.Owner, pointer secrets.Entry, grace time.Duration) bool {
	owner, is := pointer.Owner()
	return is && owner == me && pointer.Date.Sub(pointer.Records[me].Time) > grace
}

// leftovers are the bodies of a connection that its owner may delete.
type leftovers struct {
	// named are in the record. No reader uses them, and they are not looked at before.
	named []string
	// unnamed are in no record: a crash cut their write off, or it failed. One with a young
	// field may still be written.
	unnamed []string
	// destroy: the pointer was destroyed, so its bodies are, too.
	destroy bool
	// record is what the record names after that.
	record secrets.Body
}

// leftoversOf decides what of a connection may be deleted. ids are the bodies in the domain
// with the tags of owner and connection: those that are older than the oldest that the
// record names are dead, because each was deleted before its name was dropped. One of the same
// time is of a write that failed before it. If the record names one for each version of the
// pointer, it dropped none: an older body is of a create that failed. Pure.
func leftoversOf(me secrets.Owner, pointer secrets.Entry, ids []string, grace time.Duration) leftovers {
	record := pointer.Records[me]
	out := leftovers{record: record.Body}
	oldest := oldestOf(named(record.Body))
	if len(named(record.Body)) >= pointer.Current {
		oldest = 0
	}
	for _, text := range ids {
		if id, is := parseID(text); is && id.made() >= oldest && !slices.Contains(named(record.Body), text) {
			out.unnamed = append(out.unnamed, text)
		}
	}
	switch {
	case settled(me, pointer, grace):
		out.named = nonEmpty(record.Body.Superseded[:])
		clear(out.record.Superseded[:])
	case record.Released && pointer.Date.Sub(record.ReleasedAt) > grace:
		out.named = slices.DeleteFunc(unsettled(me, pointer), func(id string) bool { return !unused(pointer, me, id) })
		out.destroy = pointer.Versions[pointer.Current].Destroyed
		out.record.Fields = 0
	}
	return out
}

// drops reports whether the record drops the names of the bodies that were deleted. It keeps them while a body that it does
// not name may still be written: the search for that body begins at the oldest name. Pure.
func (l leftovers) drops(writing bool) bool { return len(l.named) > 0 && !writing }

// unused reports whether no reader gets a body by the pointer as it is now, and no record
// of another owner took it over. Pure.
func unused(pointer secrets.Entry, me secrets.Owner, id string) bool {
	for owner, record := range pointer.Records {
		if owner != me && slices.Contains(named(record.Body), id) {
			return false
		}
	}
	if !pointer.Live() {
		return true
	}
	owner, is := pointer.Owner()
	// No record contains the id that an outside writer's pointer has.
	return is && pointer.Records[owner].Body.ID != "" && pointer.Records[owner].Body.ID != id
}

// abandoned reports whether a body that no record of its owner names, and whose youngest
// field is of that age, is not being written any more, and no reader uses it: the pointer can
// have named it until it moved, unless the record names one for each version. Pure.
func abandoned(me secrets.Owner, pointer secrets.Entry, id string, age, grace time.Duration) bool {
	names := slices.DeleteFunc(named(pointer.Records[me].Body), func(id string) bool { return id == earliest })
	return age > grace && unused(pointer, me, id) && (len(names) >= pointer.Current || pointer.Date.Sub(moved(pointer)) > grace)
}

// moved is when the pointer was written or deleted last. Pure.
func moved(pointer secrets.Entry) time.Time {
	current := pointer.Versions[pointer.Current]
	at := current.Created
	if !pointer.Live() && current.Deleted.After(at) {
		at = current.Deleted
	}
	for _, record := range pointer.Records { // a destroyed version has no time of it
		if record.ReleasedAt.After(at) {
			at = record.ReleasedAt
		}
	}
	return at
}

func nonEmpty(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
}
