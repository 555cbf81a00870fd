// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// unchanged asserts that a change failed with an error, and that no request of it changes
// anything.
func (w *world) unchanged(r report.Result, want error) {
	w.Helper()
	if !errors.Is(r.Err, want) {
		w.Errorf("%s %s: %v, want %v", r.Kind, r.Address, r.Err, want)
	}
	for _, sent := range w.proxy.Requests() {
		if sent.Method != http.MethodGet && !strings.HasPrefix(sent.Path, "/v1/sys/") {
			w.Errorf("sent %s %s", sent.Method, sent.Path)
		}
	}
}

func TestSetSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, a := w.operator(), w.secret("token")
	absent := w.seen(ada, a)
	canary := vaulttest.Canary(t)
	if r := w.done(ada.SetSeen(t.Context(), a, absent, secrets.NewValue(canary), false)); r.Kind != plan.Add || r.Version != 1 || w.read("token") != canary {
		t.Errorf("%s of version %d", r.Kind, r.Version)
	}
	first := w.seen(ada, a)
	if first.Owner != ada.Owner() {
		t.Errorf("owned by %s", first.Owner)
	}
	w.proxy.Reset()
	w.unchanged(ada.SetSeen(t.Context(), a, absent, secrets.NewValue("x"), false), secrets.ErrConflict)
	w.unchanged(ada.SetSeen(t.Context(), a, absent, secrets.NewValue("x"), true), secrets.ErrConflict)
	if r := w.done(ada.SetSeen(t.Context(), a, first, secrets.NewValue("two\nlines\n"), false)); r.Kind != plan.Change || r.Version != 2 || w.read("token") != "two\nlines\n" {
		t.Errorf("%s of version %d", r.Kind, r.Version)
	}
	if err := ada.Session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := ada.Describe(t.Context(), a); err != nil {
		t.Errorf("Close revoked the token of the person: %v", err)
	}
	text := w.audited()
	if strings.Count(text, `"reason":"a reason"`) != 4 || !strings.Contains(text, string(ada.Owner())) {
		t.Error(text)
	}
	vaulttest.AssertNoCanary(t, canary, map[string][]byte{"audit file": []byte(text), "warnings": []byte(w.warned())})
}

func TestSetSeenOfAnotherOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.terraform("token", "one")
	w.vault.Write(t, w.workflow, "unmanaged", "one")
	ada := w.operator()
	for _, name := range []string{"token", "unmanaged"} {
		a := w.secret(name)
		seen := w.seen(ada, a)
		w.proxy.Reset()
		w.unchanged(ada.SetSeen(t.Context(), a, seen, secrets.NewValue("two"), false), secrets.ErrNotOwner)
		w.unchanged(ada.DeleteSeen(t.Context(), a, seen, false), secrets.ErrNotOwner)
		if r := w.done(ada.SetSeen(t.Context(), a, seen, secrets.NewValue("two"), true)); r.Kind != plan.Adopt || w.read(name) != "two" {
			t.Errorf("%s: %s", name, r.Kind)
		}
	}
	e, err := ada.Describe(t.Context(), w.secret("token"))
	if err != nil || len(e.Records) != 2 || len(e.Versions) != 2 || e.Records["terraform/shop"].Version != 1 {
		t.Errorf("the history after a takeover: %+v, %v", e, err)
	}
	t.Log("taken over since it was shown")
	bob := w.operator()
	seen := w.seen(bob, w.secret("token"))
	w.done(bob.SetSeen(t.Context(), w.secret("token"), seen, secrets.NewValue("three"), true))
	w.proxy.Reset()
	w.unchanged(ada.SetSeen(t.Context(), w.secret("token"), seen, secrets.NewValue("four"), false), secrets.ErrConflict)
	w.unchanged(ada.DeleteSeen(t.Context(), w.secret("token"), seen, true), secrets.ErrConflict)
}

func TestDeleteAndUndeleteSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, a := w.operator(), w.secret("token")
	absent := w.seen(ada, a)
	w.done(ada.SetSeen(t.Context(), a, absent, secrets.NewValue("one"), false))
	first := w.seen(ada, a)
	w.done(ada.SetSeen(t.Context(), a, first, secrets.NewValue("two"), false))
	second := w.seen(ada, a)
	w.proxy.Reset()
	w.unchanged(ada.DeleteSeen(t.Context(), a, first, false), secrets.ErrConflict)
	w.unchanged(ada.UndeleteSeen(t.Context(), a, second), secrets.ErrNotDeleted)
	if r := w.done(ada.DeleteSeen(t.Context(), a, second, false)); r.Kind != plan.Delete || w.read("token") != "(none)" {
		t.Errorf("%s", r.Kind)
	}
	found, err := ada.List(t.Context(), w.workflow)
	if err != nil || len(found.Workflows[0].Rows) != 0 || len(found.Workflows[0].Deleted) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	deleted := found.Workflows[0].Deleted[0]
	if deleted.Name != "token" || deleted.Owner != ada.Owner() || deleted.Deleted.IsZero() {
		t.Errorf("%+v", deleted)
	}
	w.proxy.Reset()
	w.unchanged(ada.DeleteSeen(t.Context(), a, second, false), secrets.ErrConflict)
	w.unchanged(ada.UndeleteSeen(t.Context(), a, second), secrets.ErrConflict)
	w.unchanged(w.operator().UndeleteSeen(t.Context(), a, deleted.Entry.Seen()), secrets.ErrNotDeleted)
	if r := w.done(ada.UndeleteSeen(t.Context(), a, deleted.Entry.Seen())); r.Kind != Undelete || r.Version != 2 || w.read("token") != "two" {
		t.Errorf("%s of version %d", r.Kind, r.Version)
	}
	w.vault.Write(t, w.workflow, "unmanaged", "x")
	if r := w.done(ada.DeleteSeen(t.Context(), w.secret("unmanaged"), w.seen(ada, w.secret("unmanaged")), true)); r.Cause != "it was unmanaged" || w.read("unmanaged") != "(none)" {
		t.Errorf("%s: %s", r.Kind, r.Cause)
	}
}

// The outside write comes after DeleteSeen has compared, before it deletes.
func TestDeleteSeenKeepsAVersionWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, a := w.operator(), w.secret("token")
	w.done(ada.SetSeen(t.Context(), a, secrets.Seen{}, secrets.NewValue("one"), false))
	seen := w.seen(ada, a)
	var reads atomic.Int32
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/token") && reads.Add(1) == 2 {
			w.vault.Write(t, w.workflow, "token", "two")
		}
		return vaulttest.Action{}
	})
	r := ada.DeleteSeen(t.Context(), a, seen, false)
	if !errors.Is(r.Err, secrets.ErrConflict) || !strings.Contains(r.Err.Error(), "another writer has written a newer version") || w.read("token") != "two" {
		t.Errorf("%v", r.Err)
	}
}

// The change comes after SetSeen has compared, before it writes.
func TestSetSeenKeepsAVersionWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, a := w.operator(), w.secret("token")
	seen := w.seen(ada, a)
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/data/") {
			w.vault.Write(t, w.workflow, "token", "two")
		}
		return vaulttest.Action{}
	})
	if r := ada.SetSeen(t.Context(), a, seen, secrets.NewValue("one"), false); !errors.Is(r.Err, secrets.ErrConflict) || w.read("token") != "two" {
		t.Errorf("%v, %s", r.Err, w.read("token"))
	}
}
