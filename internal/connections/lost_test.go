// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestBodyThatThePointerMayNameStays: a write whose end is not known, and one without its record, may have moved the
// pointer, so that steps read the new body.
func TestBodyThatThePointerMayNameStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fresh := map[string]string{"server": "new", "certificateAuthority": "new", "token": "new"}
	for name, row := range map[string]struct {
		method, pointer string // of the requests that are hit; pointer is "" for those of a field
		moment          vaulttest.Moment
		always          bool
		want            error
	}{
		"the answer for a field is lost":      {method: http.MethodPut, moment: vaulttest.After},
		"the answer for the pointer is lost":  {method: http.MethodPut, pointer: "/data/", moment: vaulttest.After, want: secrets.ErrOutcomeUnknown},
		"the record cannot be written":        {method: http.MethodPatch, pointer: "/metadata/", moment: vaulttest.Before, always: true, want: secrets.ErrNoRecord},
		"the answers for the record get lost": {method: http.MethodPatch, pointer: "/metadata/", moment: vaulttest.After, always: true, want: secrets.ErrNoRecord},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{T: t, vault: w.vault, domain: vaulttest.Workflow(t)}
			c, proxy := w.client(us)
			a := w.address("kubernetes", "main")
			w.put(c, a, map[string]string{"server": "old", "certificateAuthority": "old", "token": "old"})
			seen := w.observe(c, a)
			var hit atomic.Bool // fields are written at the same time
			proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				ofPointer := strings.HasSuffix(r.URL.Path, "/"+a.String())
				is := r.Method == row.method && strings.Contains(r.URL.Path, row.pointer+"connections/") && ofPointer == (row.pointer != "")
				if !is || hit.Swap(true) && !row.always {
					return vaulttest.Action{}
				}
				return vaulttest.CutAt(row.moment)
			})
			_, err := c.Put(t.Context(), secrets.Write{Address: a, Fields: values(fresh), Observed: seen})
			if !hit.Load() || !errors.Is(err, row.want) {
				t.Errorf("the write: %v", err)
			}
			if got, _ := w.read(w.readerToken(), a); !maps.Equal(got, fresh) {
				t.Errorf("a reader finds %q", got)
			}
		})
	}
}

// TestRecordNamesABodyUntilItIsDeleted: the name in the record is all by which a superseded body is found again.
func TestRecordNamesABodyUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, proxy := w.client(us)
	a := w.address("slack", "team")
	w.put(c, a, map[string]string{"apiToken": "one"})
	first := w.live(c, a)
	w.put(c, a, map[string]string{"apiToken": "two"})
	c.grace = -time.Hour
	known := map[secrets.Address]secrets.Entry{a: w.observe(c, a)}
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/delete/") {
			return vaulttest.FailWith(http.StatusForbidden)
		}
		return vaulttest.Action{}
	})
	if err := c.CleanUp(t.Context(), secrets.Scope{Mount: secrets.DefaultMount}, w.domain, known, Settled{}); err == nil {
		t.Error("a clean-up without its deletion succeeded")
	}
	proxy.Hook(nil)
	if body := w.observe(c, a).Records[us].Body; body.Superseded[0] != first {
		t.Errorf("the record names %+v, not %s", body, first)
	}
	w.cleanUp(c, a)
	w.wantAlive("the next clean-up", "apiToken", map[string]bool{first: false, w.live(c, a): true})
}

func TestYoungestOf(t *testing.T) {
	t.Parallel()
	field := func(age time.Duration, deleted time.Time) secrets.Entry {
		return secrets.Entry{Current: 1, Versions: map[int]secrets.Version{1: {Created: noon.Add(-age), Deleted: deleted}}, Date: noon}
	}
	for name, row := range map[string]struct {
		fields map[string]secrets.Entry
		age    time.Duration
		live   bool
	}{
		"the first field is old, another is being written": {
			map[string]secrets.Entry{"a": field(time.Hour, time.Time{}), "b": field(time.Second, time.Time{}), "c": field(time.Minute, time.Time{})}, time.Second, true,
		},
		"all are deleted": {map[string]secrets.Entry{"a": field(time.Hour, noon), "b": field(time.Minute, noon)}, time.Minute, false},
		"one is deleted":  {map[string]secrets.Entry{"a": field(time.Hour, time.Time{}), "b": field(time.Minute, noon)}, time.Minute, true},
	} {
		if age, live := youngestOf(row.fields); age != row.age || live != row.live {
			t.Errorf("%s: %s, %t", name, age, live)
		}
	}
}
