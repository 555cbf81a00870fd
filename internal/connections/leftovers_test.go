// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestDeleteSupersededDeletesReplacedBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	a, root := w.address("slack", "team"), w.vault.RootToken
	w.put(c, a, map[string]string{"apiToken": "one"})
	first := w.observe(c, a).Records[us].Body.ID
	from := secrets.Provenance{Revision: strings.Repeat("a", 40), Origin: "connections.yaml"}
	if _, err := c.Put(context.Background(), secrets.Write{
		Address: a, Fields: values(map[string]string{"apiToken": "two"}), Provenance: from, Observed: w.observe(c, a),
	}); err != nil {
		t.Fatal(err)
	}
	alive := func(id string) bool {
		value, ok := w.value(root, id+"/apiToken")
		return ok && value != ""
	}
	pointer := w.observe(c, a)
	if err := c.DeleteSuperseded(context.Background(), a, pointer); err != nil || !alive(first) {
		t.Fatalf("a body that a reader may still be reading was deleted (%v)", err)
	}
	pointer.Date = pointer.Date.Add(grace + time.Minute)
	if err := c.DeleteSuperseded(context.Background(), a, pointer); err != nil || alive(first) {
		t.Fatalf("a body that was replaced long ago is still there (%v)", err)
	}
	now := w.observe(c, a)
	record := now.Records[us]
	if pointer.Records[us].Provenance != from || record.Provenance != from {
		t.Errorf("provenance: %+v after the write, %+v at the end, want %+v", pointer.Records[us].Provenance, record.Provenance, from)
	}
	if names := nonEmpty(record.Body.Superseded[:]); len(names) > 0 || Judge(us, now, nil).State != secrets.InSync {
		t.Errorf("after tidying, the record names %v: %s", names, Judge(us, now, nil))
	}
}

func TestDeleteOrphanedDeletesBodiesOfACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, _ := w.client(them)
	a, b := w.address("slack", "team"), w.address("slack", "other")
	w.put(c, a, map[string]string{"apiToken": "one"})
	w.put(other, b, map[string]string{"apiToken": "other"})
	// A process that dies once the body is written: its pointer never comes.
	for owner, client := range map[string]*Client{"us": c, "them": other} {
		body := bodyOf(a, map[string]string{"us": idA, "them": idB}[owner])
		if err := client.writeBody(context.Background(), secrets.Write{Address: a, Fields: values(map[string]string{"apiToken": "lost", "x": "y"})}, body); err != nil {
			t.Fatal(err)
		}
	}
	done := map[string]bool{}
	if n, err := c.DeleteOrphaned(context.Background(), a.Scope, w.domain, done); err != nil || n != 0 {
		t.Fatalf("swept %d young bodies (%v)", n, err)
	}
	c.grace = -time.Hour
	clear(done)
	if n, err := c.DeleteOrphaned(context.Background(), a.Scope, w.domain, done); err != nil || n != 1 {
		t.Fatalf("swept %d bodies, want the one that was lost (%v)", n, err)
	}
	for id, want := range map[string]bool{idA: false, idB: true, w.observe(c, a).Records[us].Body.ID: true, w.observe(other, b).Records[them].Body.ID: true} {
		if _, alive := w.value(w.vault.RootToken, id+"/apiToken"); alive != want {
			t.Errorf("body %s alive: %t, want %t", id, alive, want)
		}
	}
}

func TestDeleteAndPurgeIncludeTheBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	for name, remove := range map[string]func(context.Context, secrets.Address, secrets.Claim) (secrets.Deletion, error){
		"soft": c.Delete, "purged": c.Purge,
	} {
		a := w.address("github", name)
		w.put(c, a, map[string]string{"accessToken": "one"})
		first := w.observe(c, a).Records[us].Body.ID
		w.put(c, a, map[string]string{"accessToken": "two"})
		second := w.observe(c, a).Records[us].Body.ID
		if _, err := remove(context.Background(), a, w.observe(c, a).Claim(us)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"github/" + name, first + "/accessToken", second + "/accessToken"} {
			if value, ok := w.value(w.vault.RootToken, path); ok {
				t.Errorf("%s: %s still holds %q", name, path, value)
			}
		}
		e := w.observe(c, a)
		if verdict := Judge(us, e, nil); verdict.State != secrets.Absent {
			t.Errorf("%s: %s", name, verdict)
		}
		if body := e.Records[us].Body; body.ID != second || body.Superseded[0] != first {
			t.Errorf("%s: the release dropped the names of the bodies: %+v", name, body)
		}
	}
}

// TestOldInstanceDoesNotDeleteTheConnectionOfTheNewOne: neither the pointer nor a body.
func TestOldInstanceDoesNotDeleteTheConnectionOfTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	for name, remove := range map[string]func(context.Context, secrets.Address, secrets.Claim) (secrets.Deletion, error){
		"soft": c.Delete, "purged": c.Purge,
	} {
		a := w.address("github", name)
		old := w.put(c, a, map[string]string{"accessToken": "old"})
		w.put(c, a, map[string]string{"accessToken": "new"})
		record := w.observe(c, a).Records[us]
		if done, err := remove(context.Background(), a, old.Claim(us)); err != nil || done.Outcome != secrets.WrittenSince {
			t.Errorf("%s: %v, %v", name, done.Outcome, err)
		}
		if fields, ok := w.read(w.readerToken(), a); !ok || fields["accessToken"] != "new" {
			t.Errorf("%s: the reader reads %q", name, fields)
		}
		if got := w.observe(c, a).Records[us]; got != record {
			t.Errorf("%s: the record changed to %s", name, got)
		}
	}
}
