// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"testing"
	"time"
)

func TestTidyStep(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const after = 24 * time.Hour
	// dead is version 2, which its owner deleted and released at noon, a day and an hour ago.
	dead := func(change func(*Entry)) Entry {
		e := Entry{
			Current: 2, Oldest: 1, Date: noon.Add(25 * time.Hour),
			Versions: map[int]Version{1: {Created: noon.Add(-time.Hour)}, 2: {Created: noon, Deleted: noon}},
			Records:  map[Owner]Record{shop: {Version: 2, Time: noon, Released: true, ReleasedAt: noon}},
		}
		if change != nil {
			change(&e)
		}
		return e
	}
	marked := func(ago time.Duration, change func(*Entry)) Entry {
		return dead(func(e *Entry) {
			e.tidyMark, e.tidyVersion = e.Date.Add(-ago), 2
			if change != nil {
				change(e)
			}
		})
	}
	for name, row := range map[string]struct {
		e    Entry
		want TidyStep
	}{
		"dead and released for long": {dead(nil), TidyMark},
		"released lately":            {dead(func(e *Entry) { e.Date = noon.Add(after - time.Second) }), TidyKeep},
		"live again":                 {dead(func(e *Entry) { e.Versions[2] = Version{Created: noon} }), TidyKeep},
		"deleted again lately":       {dead(func(e *Entry) { e.Versions[2] = Version{Created: noon, Deleted: e.Date} }), TidyKeep},
		"destroyed":                  {dead(func(e *Entry) { e.Versions[2] = Version{Created: noon, Destroyed: true} }), TidyMark},
		"no record":                  {dead(func(e *Entry) { e.Records = nil }), TidyKeep},
		"absent":                     {Entry{absent: true}, TidyKeep},
		"not released":               {dead(func(e *Entry) { e.Records[shop] = Record{Version: 2, Time: noon} }), TidyKeep},
		"another owner has not released it": {dead(func(e *Entry) {
			e.Records[cluster] = Record{Version: 2, Time: noon}
		}), TidyKeep},
		"a former owner's record, which the release cancels": {dead(func(e *Entry) {
			e.Records[cluster] = Record{Version: 1, Time: noon.Add(-time.Hour)}
		}), TidyMark},
		"another owner has released it lately": {dead(func(e *Entry) {
			e.Records[cluster] = Record{Version: 1, Time: noon.Add(-time.Hour), Released: true, ReleasedAt: e.Date}
		}), TidyKeep},
		"released at an unknown time": {dead(func(e *Entry) {
			e.Records[shop] = Record{Version: 2, Time: noon, Released: true}
		}), TidyKeep},
		"a record that cannot be read": {dead(func(e *Entry) { e.Malformed = []Owner{cluster} }), TidyKeep},
		"marked just now":              {marked(TidyPause-time.Second, nil), TidyWait},
		"marked ten minutes ago":       {marked(TidyPause, nil), TidyRemove},
		"marked too long ago":          {marked(tidyMarkAge-tidyMargin, nil), TidyMark},
		"marked in the future":         {marked(-time.Hour, nil), TidyMark},
		"marked at another version":    {marked(TidyPause, func(e *Entry) { e.tidyVersion = 1 }), TidyMark},
		"marked before it was released last": {marked(TidyPause, func(e *Entry) {
			e.Records[shop] = Record{Version: 2, Time: noon, Released: true, ReleasedAt: e.tidyMark.Add(time.Second)}
		}), TidyKeep},
		"marked and live again": {marked(TidyPause, func(e *Entry) { e.Versions[2] = Version{Created: noon} }), TidyKeep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := row.e.TidyStep(after); got != row.want {
				t.Errorf("step %d, want %d", got, row.want)
			}
		})
	}
}
