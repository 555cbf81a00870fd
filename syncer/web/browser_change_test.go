// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// add adds a secret from the page of the workflow.
func (w *world) add(tab *browsertest.Tab, name, value string) {
	tab.Follow("link", "Add secret")
	tab.Fill("Name", name)
	tab.Fill("Value", value)
	tab.Follow("button", "Add secret")
}

func TestReplaceDeleteAndUndeleteASecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	w.add(tab, "password", "one")

	tab.Follow("link", "Replace password")
	tab.Fill("Value", "two\nlines")
	tab.Fill("Reason (optional)", "rotated")
	tab.AssertAccessible()
	tab.Follow("button", "Replace")
	wantText(t, tab, "Replaced password.")
	w.wantRead(t, "password", "two\nlines")

	tab.Follow("link", "Delete password")
	wantText(t, tab, "This deletes version 2", "Its owner can undelete it")
	tab.AssertAccessible()
	tab.Follow("button", "Delete")
	wantText(t, tab, "Deleted password.", "Deleted secrets", "This workflow has no secrets now.")
	w.wantNone(t, "password")

	tab.Follow("link", "Undelete password")
	wantText(t, tab, "This makes version 2")
	tab.AssertAccessible()
	tab.Follow("button", "Undelete")
	wantText(t, tab, "Undeleted password.")
	w.wantRead(t, "password", "two\nlines")

	tab.Follow("link", "password")
	wantText(t, tab, "current", "replaced")
	tab.AssertAccessible()
	tab.Follow("link", "Activity of this workflow")
	wantText(t, tab, "“rotated”", "undelete "+w.workflow+"/password", "1 → 2")
	tab.AssertAccessible()
	if audit := readFile(t, w.audit); strings.Count(audit, "rotated") == 0 || strings.Contains(audit, "two") {
		t.Errorf("the audit file:\n%s", audit)
	}
}

// TestAnotherWriterInBetweenIsAConflict: the change is against what the page showed.
func TestAnotherWriterInBetweenIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	w.add(tab, "password", "one")
	for action, button := range map[string]string{"replace": "Replace", "delete": "Delete"} {
		w.page(tab, "/secrets/password/"+action)
		if action == "replace" {
			tab.Fill("Value", "not to be written")
		}
		w.Write(t, w.workflow, "password", "of another writer "+action)
		before := w.version(t, "password")
		tab.Follow("button", button)
		wantText(t, tab, "Changed in the meantime", "Nothing was written.")
		if tab.Status() != 409 || w.version(t, "password") != before {
			t.Errorf("%s: status %d, version %v, want %v", action, tab.Status(), w.version(t, "password"), before)
		}
		w.wantRead(t, "password", "of another writer "+action)
		tab.Follow("link", "Look at password")
		wantText(t, tab, "overwritten")
	}
}

// TestTwoTabs: the older form of the second one is a conflict, and a logout in one ends both.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	w.add(tab, "password", "one")
	second := tab.NewTab()
	for _, one := range []*browsertest.Tab{tab, second} {
		w.page(one, "/secrets/password/replace")
		one.Fill("Value", "two")
	}
	tab.Follow("button", "Replace")
	second.Follow("button", "Replace")
	wantText(t, second, "Changed in the meantime")
	if got := w.version(t, "password"); got != 2 {
		t.Errorf("version %v", got)
	}

	w.page(second, "/secrets/password/delete")
	tab.Follow("button", "Log out")
	second.Follow("button", "Delete")
	wantText(t, second, "Your session has ended, so nothing was changed.")
	w.wantRead(t, "password", "two")
}

// TestBackButtonAfterAWriteShowsNoValue, with scripts and without: browsers keep pages as
// they were left.
func TestBackButtonAfterAWriteShowsNoValue(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"scripts": true, "no scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			tab := w.openAs(t, policy.Operator)
			tab.Scripts(scripts)
			tab.Follow("link", "Add secret")
			for i, value := range []string{"first-value", "second-value"} {
				tab.Fill("Name", "password")
				tab.Fill("Value", value)
				tab.Follow("button", "Add secret")
				if i == 1 {
					wantText(t, tab, "a secret with this name already exists")
				}
				tab.Back()
				tab.Await("Keep a line break at the end")
				if got := tab.Value("Value"); got != "" {
					t.Errorf("the form after the write of %s has the value %q", value, got)
				}
			}
			w.wantRead(t, "password", "first-value")
		})
	}
}

// TestBrowserWithoutScripts uses the same forms.
func TestBrowserWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	tab.Scripts(false)
	w.add(tab, "password", "one\ntwo")
	w.wantRead(t, "password", "one\ntwo")
	tab.Follow("link", "Replace password")
	tab.Click("radio", "Key-value pairs")
	tab.Fill("Name 6", "a")
	tab.Fill("Value 6", "1")
	tab.Follow("button", "Replace")
	w.wantRead(t, "password", "eyJhIjoiMSJ9")
	tab.Follow("link", "Delete password")
	tab.Follow("button", "Delete")
	w.wantNone(t, "password")
}
