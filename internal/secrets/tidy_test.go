// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// A tidy removes the metadata of a dead entry between the observation and the write. A
// value that is written in this moment would be lost with it.
func TestNoValueIsWrittenIntoAnEntryThatIsBeingTidied(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		// waits is the time between observation and write, age that of the mark then.
		waits, age time.Duration
		// late: the mark is written after the observation.
		late, live bool
		want       error
		reads      int
	}{
		"no mark":                              {age: -1},
		"no mark, an old observation":          {waits: 16 * time.Second, age: -1, reads: 1},
		"a fresh mark":                         {age: time.Minute, want: ErrTidying},
		"a mark of 19 minutes":                 {age: 19 * time.Minute, want: ErrTidying},
		"a mark of 21 minutes":                 {age: 21 * time.Minute},
		"a mark after an old observation":      {waits: 16 * time.Second, age: time.Second, late: true, want: ErrTidying, reads: 1},
		"a mark of a live secret":              {age: time.Minute, live: true},
		"a live secret and an old observation": {waits: time.Hour, age: -1, live: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				model := newModelKV()
				c, err := NewClient(Config{KV: model, Owner: "terraform/shop"})
				if err != nil {
					t.Fatal(err)
				}
				a := testScope.Secret("token")
				mustPut(t, c, Write{Address: a, Value: NewValue("one")})
				if !row.live {
					_ = model.DeleteVersions(t.Context(), entryOf(a), 1)
				}
				time.Sleep(time.Hour)
				mark := func(at time.Time) {
					model.entries[entryOf(a).Path].custom[tidyKey] = "version=1 time=" + formatTime(at)
				}
				if row.age > 0 && !row.late {
					mark(time.Now().Add(-row.age))
				}
				observed := mustDescribe(t, c, a)
				time.Sleep(row.waits)
				if row.late {
					mark(time.Now().Add(-row.age))
				}
				counted := &countingKV{modelKV: model}
				c.kv = counted
				_, err = c.Put(t.Context(), Write{Address: a, Value: NewValue("two"), Observed: observed})
				if !errors.Is(err, row.want) || counted.reads != row.reads {
					t.Errorf("the write: %v after %d reads; want %v after %d", err, counted.reads, row.want, row.reads)
				}
				if written := mustDescribe(t, c, a).Current == 2; written != (row.want == nil) {
					t.Errorf("a value was written: %t", written)
				}
			})
		})
	}
}

// TestWriteAfterTheMetadataIsRemovedIsFoundOut: the name is gone since the observation.
func TestWriteAfterTheMetadataIsRemovedIsFoundOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model := newModelKV()
		c, err := NewClient(Config{KV: model, Owner: "terraform/shop"})
		if err != nil {
			t.Fatal(err)
		}
		a := testScope.Secret("token")
		mustPut(t, c, Write{Address: a, Value: NewValue("one")})
		_ = model.DeleteVersions(t.Context(), entryOf(a), 1)
		observed := mustDescribe(t, c, a)
		time.Sleep(20 * time.Minute)
		model.outsidePurge(entryOf(a))
		_, err = c.Put(t.Context(), Write{Address: a, Value: NewValue("two"), Observed: observed})
		if !errors.Is(err, ErrConflict) {
			t.Errorf("the write: %v", err)
		}
	})
}

// countingKV counts reads of metadata.
type countingKV struct {
	*modelKV
	reads int
}

func (k *countingKV) ReadMetadata(ctx context.Context, e kv.Entry) (kv.Metadata, error) {
	k.reads++
	return k.modelKV.ReadMetadata(ctx, e)
}
