// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strconv"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

// changeView is what the templates change and confirm show: the form of one change. It never
// has a value: after an error the person enters it again.
type changeView struct {
	// Kind is secrets.Secret or secrets.Connection. Group is the workflow, or the type of a
	// connection.
	Kind        secrets.Kind
	Group, Name string
	// Action is "add", "replace", "delete" or "undelete".
	Action string
	// Seen is what the page shows; the change is refused if it is something else by then.
	Seen secrets.Seen
	// Live means that there is a value.
	Live bool
	// Owner is who owns it, NoOwner for an unmanaged one, and Takeover that it is another,
	// so that the change needs a reason and the name once more.
	Owner         secrets.Owner
	Takeover      bool
	AfterTakeover string
	// Origin is where the value comes from: file and commit of a git source.
	Origin string
	// Team is the team to act for, and Teams those that the person's policies name.
	Team  string
	Teams []string
	// Form is what was entered, and Errors what is wrong with it by field; "" for the form.
	Reason, ValueKind string
	KeepNewline       bool
	Errors            map[string]string
	MaxBytes          int
	// Audited means that the page has an audit file.
	Audited bool
	// Fields are those of a connection.
	Fields []fieldView
	// Types are the known types of connections.
	Types []string
	// Warning is what a person should know of the change that was made; empty for nothing.
	Warning string
}

// maxReason is the longest reason.
const maxReason = 500

// confirmed is what was entered for a change of what the page showed. adopt means that the
// person takes it over, with a reason and the name once more.
func (v *visit) confirmed(a secrets.Address, action string, f *form.Form) (view changeView, adopt bool) {
	view = changeView{Kind: a.Kind, Group: a.Group, Name: a.Name, Action: action}
	view.entered(f)
	view.Owner, view.Takeover, view.Live = secrets.Owner(f.Text("last_owner")), f.Checked("takeover"), f.Checked("live")
	view.AfterTakeover, view.Origin = consequence(action, view.Owner), f.Text("origin")
	var err error
	if view.Seen, err = seenIn(f); err != nil {
		view.wrong("", "The form is incomplete. Load the page again.")
	}
	if !view.Takeover {
		return view, false
	}
	if view.Reason == "" {
		view.wrong("reason", "a takeover needs a reason")
	}
	if f.Text("again") != a.Name {
		view.wrong("again", "must be the name: "+a.Name)
	}
	return view, true
}

// seenIn is what the page of a form showed.
func seenIn(f *form.Form) (secrets.Seen, error) {
	version, err := strconv.Atoi(f.Text("seen_version"))
	if err != nil {
		return secrets.Seen{}, form.ErrMalformed
	}
	seen := secrets.Seen{Version: version, Owner: secrets.Owner(f.Text("seen_owner"))}
	if text := f.Text("seen_created"); text != "" {
		if seen.Created, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return secrets.Seen{}, form.ErrMalformed
		}
	}
	return seen, nil
}

// entered sets what every form of a change has.
func (c *changeView) entered(f *form.Form) {
	c.Reason, c.Team, c.ValueKind, c.KeepNewline = f.Text("reason"), f.Text("team"), f.Text(form.Kind), f.Checked(form.Newline)
	if len(c.Reason) > maxReason {
		c.wrong("reason", "must have at most "+strconv.Itoa(maxReason)+" bytes")
	}
}

// wrong notes what is wrong with a field.
func (c *changeView) wrong(field, text string) {
	if c.Errors == nil {
		c.Errors = map[string]string{}
	}
	c.Errors[field] = text
}
