// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// madeAt is an id of this owner and connection that was made some minutes after noon.
func madeAt(minute int) string {
	return newID(us, here, noon.Add(time.Duration(minute)*time.Minute))
}

// releasedPointer is a deleted pointer whose record was released at noon and is seen age
// later.
func releasedPointer(age time.Duration, body secrets.Body) secrets.Entry {
	e := pointer(4, age, us, body)
	e.Versions[4] = secrets.Version{Created: noon, Deleted: noon}
	record := e.Records[us]
	record.Released, record.ReleasedAt = true, noon
	e.Records[us] = record
	return e
}

// unrecordedPointer is a live pointer without a record.
func unrecordedPointer(version int) secrets.Entry {
	return secrets.Entry{Current: version, Date: noon.Add(time.Hour), Versions: map[int]secrets.Version{version: {Created: noon}}}
}

func TestSuperseding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pointer secrets.Entry
		names   [2]string
		dropped string
	}{
		"the first":                      {secrets.Entry{}, [2]string{}, ""},
		"soon after the first":           {pointer(1, grace, us, bodies(idA)), [2]string{idA}, ""},
		"long after the first":           {pointer(1, grace+1, us, bodies(idA)), [2]string{idA}, ""},
		"soon after another":             {pointer(2, grace, us, bodies(idB, idA)), [2]string{idB, idA}, ""},
		"long after another":             {pointer(2, grace+1, us, bodies(idB, idA)), [2]string{idB}, idA},
		"too often for a record":         {pointer(3, 0, us, bodies(idC, idB, idA)), [2]string{idC, idB}, idA},
		"taken over from another owner":  {pointer(2, grace+1, them, bodies(idB)), [2]string{idB, earliest}, ""},
		"taken over soon after a change": {pointer(2, 0, them, bodies(idB, idA)), [2]string{idB, idA}, earliest},
		"after a deletion":               {releasedPointer(0, bodies(idB, idA)), [2]string{idB, idA}, ""},
		"after a deletion, cleaned up":   {releasedPointer(time.Hour, secrets.Body{ID: idB}), [2]string{idB}, ""},
		"after one without a record":     {unrecordedPointer(2), [2]string{earliest}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next, dropped := superseding(us, c.pointer, grace)
			if next.Superseded != c.names || strings.Join(dropped, " ") != c.dropped || next.ID != "" {
				t.Errorf("the record names %v and drops %v; want %v and %q", next.Superseded, dropped, c.names, c.dropped)
			}
		})
	}
	t.Run("taken over from another owner, after a deletion of this one", func(t *testing.T) {
		t.Parallel()
		e := pointer(3, 0, them, bodies(idB))
		e.Records[us] = secrets.Record{Version: 2, Time: noon, Released: true, Body: bodies(idA)}
		if next, dropped := superseding(us, e, grace); next.Superseded != [2]string{idB, idA} || len(dropped) > 0 {
			t.Errorf("the record names %v and drops %v", next.Superseded, dropped)
		}
	})
}

func TestUntilDeletable(t *testing.T) {
	t.Parallel()
	made := newID(us, here, noon)
	for name, c := range map[string]struct {
		oldest string
		now    time.Time
		want   time.Duration
	}{
		"the pointer was moved just now":     {made, noon, linger},
		"some time ago":                      {made, noon.Add(linger / 4), linger - linger/4},
		"long ago":                           {made, noon.Add(time.Hour), 0},
		"by a clock that is ahead":           {made, noon.Add(-time.Hour), linger},
		"at a time that is not known":        {idA, noon.Add(time.Hour), linger},
		"never: the record names none of it": {"", noon, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := untilDeletable(secrets.Body{Superseded: [2]string{c.oldest}}, c.now); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestLeftoversOf(t *testing.T) {
	t.Parallel()
	first, second, third, fourth := madeAt(1), madeAt(2), madeAt(3), madeAt(4)
	all := []string{first, second, third, fourth}
	taken := releasedPointer(time.Hour, bodies(third, second))
	taken.Records[them] = secrets.Record{Version: 5, Time: noon, Body: bodies(fourth, third)}
	destroyed := releasedPointer(time.Hour, bodies(third))
	destroyed.Versions[4] = secrets.Version{Created: noon, Destroyed: true}
	outside := releasedPointer(time.Hour, bodies(third))
	outside.Versions[5], outside.Current = secrets.Version{Created: noon}, 5
	for name, c := range map[string]struct {
		pointer        secrets.Entry
		named, unnamed []string
		record         secrets.Body
		destroy        bool
	}{
		"a connection that is settled":        {pointer: pointer(3, time.Hour, us, bodies(fourth)), record: bodies(fourth)},
		"a replaced body":                     {pointer: pointer(3, grace+1, us, bodies(fourth, third)), named: []string{third}, record: bodies(fourth)},
		"a body that was replaced just now":   {pointer: pointer(3, grace, us, bodies(fourth, third)), record: bodies(fourth, third)},
		"a write that was cut off later":      {pointer: pointer(3, time.Hour, us, bodies(third)), unnamed: []string{fourth}, record: bodies(third)},
		"a write that was cut off in between": {pointer: pointer(3, 0, us, bodies(fourth, second)), unnamed: []string{third}, record: bodies(fourth, second)},
		"a create that was cut off":           {pointer: secrets.Entry{}, unnamed: all},
		"a create after one that was cut off": {pointer: pointer(1, 0, us, bodies(third)), unnamed: []string{first, second, fourth}, record: bodies(third)},
		"the first change after those":        {pointer: pointer(2, 0, us, bodies(fourth, second)), unnamed: []string{first, third}, record: bodies(fourth, second)},
		"a create whose record failed":        {pointer: pointer(2, 0, us, bodies(fourth, earliest)), unnamed: []string{first, second, third}, record: bodies(fourth, earliest)},
		"deleted just now":                    {pointer: releasedPointer(grace, bodies(fourth, third)), record: bodies(fourth, third)},
		"deleted long ago":                    {pointer: releasedPointer(grace+1, bodies(fourth, third)), named: []string{fourth, third}, record: secrets.Body{ID: fourth, Superseded: [2]string{third}}},
		"deleted and cleaned up":              {pointer: releasedPointer(time.Hour, secrets.Body{ID: fourth}), record: secrets.Body{ID: fourth}},
		"purged long ago":                     {pointer: destroyed, named: []string{third}, unnamed: []string{fourth}, record: secrets.Body{ID: third}, destroy: true},
		"released; another owner names one":   {pointer: taken, named: []string{second}, unnamed: []string{fourth}, record: secrets.Body{ID: third, Superseded: [2]string{second}}},
		"released; the pointer is another's":  {pointer: outside, unnamed: []string{fourth}, record: secrets.Body{ID: third}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := leftoversOf(us, c.pointer, all, grace)
			if !slices.Equal(got.named, c.named) || !slices.Equal(got.unnamed, c.unnamed) || got.record != c.record || got.destroy != c.destroy {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestUnnamedBefore(t *testing.T) {
	t.Parallel()
	first, second, third, fourth, twin := madeAt(1), madeAt(2), madeAt(3), madeAt(4), madeAt(3)
	for name, c := range map[string]struct {
		pointer secrets.Entry
		next    secrets.Body
		want    []string
	}{
		"a create":                               {secrets.Entry{}, bodies(""), nil},
		"all were named":                         {pointer(9, 0, us, bodies(third, second, first)), bodies("", third, second), nil},
		"one was cut off":                        {pointer(9, 0, us, bodies(fourth, third, first)), bodies("", fourth, third), []string{second}},
		"one was cut off at the same time":       {pointer(9, 0, us, bodies(fourth, twin, first)), bodies("", fourth, twin), []string{second, third}},
		"one was cut off later":                  {pointer(9, 0, us, bodies(third, second, first)), bodies("", third), nil},
		"the record of a create failed":          {pointer(2, time.Hour, us, bodies(third, earliest)), bodies("", third), []string{first, second}},
		"another owner's is taken over":          {pointer(9, time.Hour, them, bodies(third)), bodies("", third), []string{first, second}},
		"the record names ids that have no time": {pointer(9, 0, us, bodies(idC, idB, idA)), bodies("", idC, idB), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := unnamedBefore(c.next, us, c.pointer, []string{first, second, third, fourth}); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNamesAreDroppedOnlyIfNoBodyIsBeingWritten(t *testing.T) {
	t.Parallel()
	named := leftovers{named: []string{idA}, unnamed: []string{idB}}
	if !named.drops(false) || named.drops(true) || (leftovers{}).drops(false) {
		t.Errorf("%t, %t, %t", named.drops(false), named.drops(true), leftovers{}.drops(false))
	}
}

func TestAbandoned(t *testing.T) {
	t.Parallel()
	unrecorded := pointer(2, time.Hour, us, bodies(idA))
	unrecorded.Versions[3], unrecorded.Current = secrets.Version{Created: noon.Add(time.Minute)}, 3
	taken := pointer(2, time.Hour, them, bodies(idB, idA))
	released := releasedPointer(time.Hour, bodies(idA))
	purged := releasedPointer(time.Minute, bodies(idA))
	purged.Versions[4] = secrets.Version{Created: noon.Add(-time.Hour), Destroyed: true}
	for name, c := range map[string]struct {
		pointer secrets.Entry
		id      string
		age     time.Duration
		want    bool
	}{
		"the live one":                                 {pointer(2, time.Hour, us, bodies(idA, idB)), idA, time.Hour, false},
		"one that no record names":                     {pointer(2, time.Hour, us, bodies(idA, idB)), idD, time.Hour, true},
		"one that no record names, but young":          {pointer(2, time.Hour, us, bodies(idA, idB)), idD, grace, false},
		"one that the pointer may have named just now": {pointer(3, grace, us, bodies(idA, idB)), idD, time.Hour, false},
		"the same, and a record of a create failed":    {pointer(2, grace, us, bodies(idA, earliest)), idD, time.Hour, false},
		"one that the pointer has never named":         {pointer(2, grace, us, bodies(idA, idB)), idD, time.Hour, true},
		"one whose pointer another owner moved away":   {pointer(2, time.Hour, them, bodies(idA)), idD, time.Hour, true},
		"the same, moved away just now":                {pointer(2, grace, them, bodies(idA)), idD, time.Hour, false},
		"one that another owner took over":             {taken, idA, time.Hour, false},
		"one whose pointer another writer moved":       {unrecorded, idD, time.Hour, false},
		"one whose pointer has a record without body":  {pointer(2, time.Hour, us, secrets.Body{}), idD, time.Hour, false},
		"one whose pointer never came":                 {secrets.Entry{}, idD, time.Hour, true},
		"one whose pointer was released":               {released, idD, time.Hour, true},
		"one whose pointer was released just now":      {releasedPointer(grace, bodies(idA)), idD, time.Hour, false},
		"one whose pointer was destroyed just now":     {purged, idD, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := abandoned(us, c.pointer, c.id, c.age, grace); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
