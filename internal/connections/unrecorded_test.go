// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// unrecorded writes a connection whose record fails.
func (w *world) unrecorded(c *Client, proxy *vaulttest.Proxy, a secrets.Address, token string) (id string) {
	w.Helper()
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPatch && r.URL.Path == "/v1/customers/metadata/connections/"+w.domain+"/"+a.String() {
			return vaulttest.FailWith(http.StatusForbidden)
		}
		return vaulttest.Action{}
	})
	defer proxy.Hook(nil)
	_, err := c.Put(w.Context(), secrets.Write{Address: a, Fields: values(map[string]string{"apiToken": token}), Observed: w.observe(c, a), Adopt: true})
	if !errors.Is(err, secrets.ErrNoRecord) {
		w.Fatal(err)
	}
	return w.vault.Pointer(w, w.domain, a.Group, a.Name)
}

// TestBodyWhoseRecordFailedIsDeleted: the first write of an owner has no record, and the owner writes
// again. A reader may have read the pointer just before, so the body stays for the grace period.
func TestBodyWhoseRecordFailedIsDeleted(t *testing.T) {
	t.Parallel()
	for name, former := range map[string]secrets.Owner{"a create": secrets.NoOwner, "a take-over": them} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c, proxy := w.client(us)
			a := w.address("slack", "team")
			if former != secrets.NoOwner {
				other, _ := w.client(former)
				w.put(other, a, map[string]string{"apiToken": "former"})
			}
			first, second := w.unrecorded(c, proxy, a, "one"), w.unrecorded(c, proxy, a, "two")
			proxy.Skew(time.Hour) // the bodies are old, and the pointer names the second one until now
			w.adopt(c, a, map[string]string{"apiToken": "three"})
			w.cleanUp(c, a)
			w.wantAlive("a reader may still be reading it", "apiToken", map[string]bool{first: true, second: true})
			proxy.Skew(time.Hour + grace + time.Second)
			w.cleanUp(c, a)
			w.wantAlive("after the grace period", "apiToken", map[string]bool{first: false, second: false, w.live(c, a): true})
			if body := w.observe(c, a).Records[us].Body; slices.Contains(named(body), earliest) {
				t.Errorf("the record still names %+v", body)
			}
		})
	}
}

// TestChangeDeletesTheBodiesThatItsRecordLeavesOut: no clean-up runs between the changes, as
// in Terraform, so a change has to find what its record does not lead to any more.
func TestChangeDeletesTheBodiesThatItsRecordLeavesOut(t *testing.T) {
	t.Parallel()
	for name, quick := range map[string]bool{"long afterwards": false, "three changes at once": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c, proxy := w.client(us)
			a := w.address("slack", "team")
			first := w.unrecorded(c, proxy, a, "one")
			w.adopt(c, a, map[string]string{"apiToken": "two"})
			second := w.live(c, a)
			changes := 1
			if quick {
				changes = 2
			} else {
				proxy.Skew(grace + time.Second)
			}
			for range changes {
				w.put(c, a, map[string]string{"apiToken": "three"})
			}
			w.wantAlive("after the last change", "apiToken", map[string]bool{first: false, second: true, w.live(c, a): true})
		})
	}
}
