// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// cleanUp cleans up with the connections that a caller knows.
func (w *world) cleanUp(c *Client, known ...secrets.Address) {
	w.Helper()
	entries := map[secrets.Address]secrets.Entry{}
	for _, a := range known {
		entries[a] = w.observe(c, a)
	}
	root := secrets.Scope{Mount: secrets.DefaultMount}
	if err := c.CleanUp(context.Background(), root, w.domain, entries, Settled{}); err != nil {
		w.Fatal(err)
	}
}

// alive reports whether a body has a live field.
func (w *world) alive(id, field string) bool {
	w.Helper()
	_, ok := w.value(w.vault.RootToken, id+"/"+field)
	return ok
}

func (w *world) wantAlive(when string, field string, want map[string]bool) {
	w.Helper()
	for id, alive := range want {
		if w.alive(id, field) != alive {
			w.Errorf("%s: body %s alive: %t, want %t", when, id, !alive, alive)
		}
	}
}

// live is the id of the live body.
func (w *world) live(c *Client, a secrets.Address) string {
	w.Helper()
	return w.observe(c, a).Records[c.Owner()].Body.ID
}

func TestCleanUpDeletesReplacedBodiesAfterTheGracePeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	a := w.address("slack", "team")
	w.put(c, a, map[string]string{"apiToken": "one"})
	first := w.live(c, a)
	from := secrets.Provenance{Revision: strings.Repeat("a", 40), Origin: "connections.yaml"}
	if _, err := c.Put(context.Background(), secrets.Write{
		Address: a, Fields: values(map[string]string{"apiToken": "two"}), Provenance: from, Observed: w.observe(c, a),
	}); err != nil {
		t.Fatal(err)
	}
	second := w.live(c, a)
	w.cleanUp(c, a)
	w.wantAlive("a reader may still be reading it", "apiToken", map[string]bool{first: true, second: true})
	c.grace = -time.Hour
	w.cleanUp(c, a)
	w.wantAlive("after the grace period", "apiToken", map[string]bool{first: false, second: true})
	record := w.observe(c, a).Records[us]
	if len(named(record.Body)) != 1 || record.Provenance != from || Judge(us, w.observe(c, a), nil).State != secrets.InSync {
		t.Errorf("the record afterwards: %s", record)
	}
}

func TestCleanUpDeletesBodiesOfACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, _ := w.client(them)
	a, created := w.address("slack", "team"), w.address("slack", "created")
	w.put(c, a, map[string]string{"apiToken": "one"})
	// A process that dies once the body is written: its pointer never comes.
	lost := func(c *Client, a secrets.Address) string {
		id := newID(c.Owner(), a, time.Now(), w.live(c, a))
		if err := c.writeBody(context.Background(), secrets.Write{Address: a, Fields: values(map[string]string{"apiToken": "lost", "x": "y"})}, bodyOf(a, id)); err != nil {
			t.Fatal(err)
		}
		return id
	}
	changed, never, foreign := lost(c, a), lost(c, created), lost(other, a)
	w.cleanUp(c, a, created)
	w.wantAlive("they may still be written", "apiToken", map[string]bool{changed: true, never: true, foreign: true})
	c.grace = -time.Hour
	w.cleanUp(c, a, created)
	w.wantAlive("after the grace period", "apiToken", map[string]bool{changed: false, never: false, foreign: true, w.live(c, a): true})
	second := lost(c, a)
	w.cleanUp(c) // a caller that knows no connection
	w.wantAlive("found by its mark", "apiToken", map[string]bool{second: false, foreign: true, w.live(c, a): true})
}

// TestReaderOfADeletedConnectionGetsAllOfIt: it has read the pointer, and then the connection is
// deleted, purged or deleted after a replacement.
func TestReaderOfADeletedConnectionGetsAllOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	for name, remove := range map[string]func(context.Context, secrets.Address, secrets.Claim) (secrets.Deletion, error){
		"soft": c.Delete, "purged": c.Purge,
	} {
		c.grace = grace
		a := w.address("github", name)
		w.put(c, a, map[string]string{"accessToken": "one"})
		first := w.live(c, a)
		w.put(c, a, map[string]string{"accessToken": "two"})
		second := w.live(c, a)
		if _, err := remove(context.Background(), a, w.observe(c, a).Claim(us)); err != nil {
			t.Fatal(err)
		}
		w.cleanUp(c, a)
		w.wantAlive(name+": just deleted", "accessToken", map[string]bool{first: true, second: true})
		if _, ok := w.value(w.vault.RootToken, a.String()); ok {
			t.Errorf("%s: the pointer is still there", name)
		}
		c.grace = -time.Hour
		w.cleanUp(c) // another process, after Terraform has deleted it
		w.wantAlive(name+": after the grace period", "accessToken", map[string]bool{first: false, second: false})
		if destroyed := w.destroyed(second + "/accessToken"); destroyed != (name == "purged") {
			t.Errorf("%s: destroyed %t", name, destroyed)
		}
		e := w.observe(c, a)
		if body := e.Records[us].Body; body.ID != second || body.Superseded[0] != first || body.Fields != 0 {
			t.Errorf("%s: the release names %+v", name, body)
		}
		if verdict := Judge(us, e, nil); verdict.State != secrets.Absent {
			t.Errorf("%s: %s", name, verdict)
		}
	}
}

func (w *world) destroyed(path string) bool {
	w.Helper()
	_, answer := w.vault.Call(w, w.vault.RootToken, http.MethodGet, "customers/metadata/connections/"+w.domain+"/"+path, nil)
	versions, _ := answer["data"].(map[string]any)["versions"].(map[string]any)
	version, _ := versions["1"].(map[string]any)
	return version["destroyed"] == true
}

// TestConnectionThatComesBackKeepsNoBodyOfItsFormerLife: deleted and written again before the
// fields were deleted.
func TestConnectionThatComesBackKeepsNoBodyOfItsFormerLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	a := w.address("github", "again")
	w.put(c, a, map[string]string{"accessToken": "one"})
	first := w.live(c, a)
	if _, err := c.Delete(context.Background(), a, w.observe(c, a).Claim(us)); err != nil {
		t.Fatal(err)
	}
	w.put(c, a, map[string]string{"accessToken": "two"})
	c.grace = -time.Hour
	w.cleanUp(c, a)
	w.wantAlive("after the grace period", "accessToken", map[string]bool{first: false, w.live(c, a): true})
}

// TestCleanUpCostsByWhatIsLive counts requests after 1 change and after 20, in new processes,
// of this owner and of another one.
func TestCleanUpCostsByWhatIsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.address("jira", "changed"), w.address("jira", "other")
	fields := map[string]string{"url": "u", "username": "n", "password": "p"}
	writer, _ := w.client(us)
	writer.grace = -time.Hour
	cost := func(owner secrets.Owner, known secrets.Address) int {
		c, proxy := w.client(owner)
		c.grace = -time.Hour
		e := w.observe(c, known)
		proxy.Reset()
		if err := c.CleanUp(t.Context(), secrets.Scope{Mount: secrets.DefaultMount}, w.domain, map[secrets.Address]secrets.Entry{known: e}, Settled{}); err != nil {
			t.Fatal(err)
		}
		return len(proxy.Requests())
	}
	change := func() {
		w.put(writer, a, fields)
		w.cleanUp(writer, a)
	}
	change()
	other, _ := w.client(them)
	w.put(other, b, fields)
	was := [3]int{cost(us, a), cost(them, b), cost(us, b)}
	for range 20 {
		change()
	}
	if now := [3]int{cost(us, a), cost(them, b), cost(us, b)}; now != was {
		t.Errorf("%d requests after 20 changes, %d after one", now, was)
	}
	if was[0] > 1 || was[1] > 1 {
		t.Errorf("an unchanged connection costs %d requests, want the list", was)
	}
	for i := range 6 { // connections that nothing knows any more
		gone := w.address("jira", fmt.Sprint("gone ", i))
		w.put(writer, gone, fields)
		if _, err := writer.Delete(context.Background(), gone, w.observe(writer, gone).Claim(us)); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // each looks at some of them
		w.cleanUp(writer, a)
	}
	if n := cost(us, a); n > 1+3*maxUnknown {
		t.Errorf("deleted connections cost %d requests", n)
	}
}

// TestCleanUpKeepsAConnectionThatIsUndeletedMeanwhile: it was observed as deleted.
func TestCleanUpKeepsAConnectionThatIsUndeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, proxy := w.client(us)
	a := w.address("sendgrid", "mail")
	w.put(c, a, map[string]string{"apiKey": "one"})
	id := w.live(c, a)
	if _, err := c.Delete(context.Background(), a, w.observe(c, a).Claim(us)); err != nil {
		t.Fatal(err)
	}
	c.grace = -time.Hour
	stale := w.observe(c, a)
	undelete := secrets.Scope{Mount: secrets.DefaultMount}
	proxy.Hook(func(int, *http.Request) vaulttest.Action {
		proxy.Hook(nil)
		w.vault.Call(t, w.vault.RootToken, http.MethodPost, "customers/undelete/connections/"+w.domain+"/"+a.String(), map[string]any{"versions": []int{1}})
		return vaulttest.Action{}
	})
	if err := c.CleanUp(t.Context(), undelete, w.domain, map[secrets.Address]secrets.Entry{a: stale}, Settled{}); err != nil {
		t.Fatal(err)
	}
	w.wantAlive("an undeleted connection", "apiKey", map[string]bool{id: true})
}
