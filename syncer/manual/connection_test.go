// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

func fields(pairs ...string) map[string]secrets.Value {
	out := map[string]secrets.Value{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = secrets.NewValue(pairs[i+1])
	}
	return out
}

// liveBodies counts the bodies in the domain that have a live field.
func (w *world) liveBodies() int {
	w.Helper()
	_, domain := w.vault.Call(w, w.vault.RootToken, "LIST", "customers/metadata/connections/"+w.workflow+"/", nil)
	live := 0
	for _, key := range domain["data"].(map[string]any)["keys"].([]any) {
		id := strings.TrimSuffix(key.(string), "/")
		if connections.CheckType(id) == nil {
			continue // a type
		}
		status, _ := w.vault.Call(w, w.vault.RootToken, http.MethodGet, "customers/data/connections/"+w.workflow+"/"+id+"/token", nil)
		if status == http.StatusOK {
			live++
		}
	}
	return live
}

func TestConnectionsOfAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, reader := w.administrator(), w.reader()
	a, other := w.connection("puppet", "main"), w.connection("puppet", "other")
	read := func() string {
		got, _ := reader.Connection(w.workflow, "puppet", "main")
		return fmt.Sprint(got)
	}
	absent := w.seen(ada, a)
	if r := w.done(ada.SetConnectionSeen(t.Context(), a, absent, fields("token", "one", "relayAPIURL", "https://a"), false)); r.Kind != plan.Add {
		t.Error(r.Kind)
	}
	first := w.seen(ada, a)
	w.proxy.Reset()
	w.unchanged(ada.SetConnectionSeen(t.Context(), a, absent, fields("token", "x"), false), secrets.ErrConflict)
	w.unchanged(ada.DeleteSeen(t.Context(), a, absent, true), secrets.ErrConflict)
	if r := w.done(ada.SetConnectionSeen(t.Context(), a, first, fields("token", "two"), false)); r.Kind != plan.Change || read() != "map[token:two]" {
		t.Errorf("%s: %s", r.Kind, read())
	}
	if n := w.liveBodies(); n != 2 {
		t.Errorf("%d bodies are live: a reader may still read the superseded one", n)
	}
	listed, err := ada.Connections(t.Context(), w.workflow)
	if err != nil || len(listed) != 1 || listed[0].Scope.Group != "puppet" || len(listed[0].Rows) != 1 || listed[0].Rows[0].Owner != ada.Owner() {
		t.Errorf("%+v, %v", listed, err)
	}
	if e, err := ada.Describe(t.Context(), a); err != nil || len(e.Fields) != 1 || len(e.Versions) != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	t.Log("after the grace period, a change of another connection deletes the superseded body")
	w.proxy.Skew(11 * time.Minute)
	w.done(ada.SetConnectionSeen(t.Context(), other, secrets.Seen{}, fields("token", "three"), false))
	if n := w.liveBodies(); n != 2 || read() != "map[token:two]" {
		t.Errorf("%d bodies are live, and steps read %s", n, read())
	}
	if r := w.done(ada.DeleteSeen(t.Context(), a, w.seen(ada, a), false)); r.Kind != plan.Delete || read() != "map[]" {
		t.Errorf("%s: %s", r.Kind, read())
	}
	w.proxy.Reset()
	undeleted := ada.UndeleteSeen(t.Context(), a, w.seen(ada, a))
	w.unchanged(undeleted, secrets.ErrNotDeleted)
	if !strings.Contains(undeleted.Err.Error(), "cannot be undeleted") || !strings.Contains(undeleted.Err.Error(), "; write it again") {
		t.Error(undeleted.Err)
	}
	w.proxy.Skew(22 * time.Minute)
	w.done(ada.SetConnectionSeen(t.Context(), other, w.seen(ada, other), fields("token", "four"), false))
	if n := w.liveBodies(); n != 2 {
		t.Errorf("%d bodies are live: want those of the connection that is left, of which readers may still read the superseded one", n)
	}
	if listed, err := ada.Connections(t.Context(), w.workflow); err != nil || len(listed[0].Rows) != 1 || len(listed[0].Deleted) != 0 {
		t.Errorf("%+v, %v", listed, err)
	}
	if text := w.audited(); strings.Count(text, `"kind":"connection"`) != 10 || w.warned() != "[]" {
		t.Errorf("%s\n%s", text, w.warned())
	}
}

func TestConnectionNeedsTheFieldsOfItsType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.administrator()
	w.proxy.Reset()
	r := ada.SetConnectionSeen(t.Context(), w.connection("aws", "main"), secrets.Seen{}, fields("accessKeyID", "x"), false)
	w.unchanged(r, secrets.ErrInvalid)
	if !strings.Contains(r.Err.Error(), "missing secretAccessKey") || len(w.proxy.Requests()) != 0 {
		t.Errorf("%v", r.Err)
	}
	w.seen(ada, w.connection("aws", "main")) // a request for AssertBlind
}

func TestConnectionOfAnotherOwnerIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob, ada := w.administrator(), w.administrator()
	a := w.connection("puppet", "main")
	w.done(bob.SetConnectionSeen(t.Context(), a, secrets.Seen{}, fields("token", "one"), false))
	seen := w.seen(ada, a)
	w.proxy.Reset()
	w.unchanged(ada.SetConnectionSeen(t.Context(), a, seen, fields("token", "two"), false), secrets.ErrNotOwner)
	if r := w.done(ada.SetConnectionSeen(t.Context(), a, seen, fields("token", "two"), true)); r.Kind != plan.Adopt {
		t.Error(r.Kind)
	}
	if r := w.done(bob.DeleteSeen(t.Context(), a, w.seen(bob, a), true)); r.Kind != plan.Delete || r.Cause != "it was owned by "+string(ada.Owner()) {
		t.Errorf("%s: %s", r.Kind, r.Cause)
	}
}
