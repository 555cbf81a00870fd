// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// TestKeyboardAlone logs in, adds a secret and logs out with it.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	name, password := w.PersonLogin(t, w.rules(t, policy.Operator, nil))
	tab := browsertest.New(t)
	w.page(tab, "")
	tab.TabTo("textbox", "User name")
	tab.Press(name)
	tab.Press(browsertest.KeyTab)
	tab.Press(password)
	tab.PressAndLoad(browsertest.KeyEnter)

	tab.Press(browsertest.KeyTab)
	if role, name := tab.Focused(); role != "link" || name != "Skip to the content" {
		t.Errorf("the first stop is %s %q", role, name)
	}
	tab.TabTo("link", "Add secret")
	tab.PressAndLoad(browsertest.KeyEnter)
	tab.TabTo("textbox", "Name")
	tab.Press("token")
	tab.TabTo("radio", "Text")
	tab.TabTo("textbox", "Value")
	tab.Press("by keyboard")
	tab.TabTo("checkbox", "Keep a line break at the end")
	tab.TabTo("button", "Add secret")
	tab.PressAndLoad(browsertest.KeyEnter)
	wantText(t, tab, "Added token.")
	w.wantRead(t, "token", "by keyboard")
	tab.TabTo("button", "Log out")
	tab.PressAndLoad(browsertest.KeySpace)
	wantText(t, tab, "You log in to Vault.")
}
