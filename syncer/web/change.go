// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

func (v *visit) addPage() error {
	workflow, err := v.workflowName()
	if err != nil {
		return err
	}
	rights, err := person.RightsIn(v.r.Context(), v.client, v.root(), workflow)
	if err == nil {
		err = v.mayOpen("add", rights[workflow])
	}
	if err != nil {
		return err
	}
	name := strings.TrimSpace(v.r.URL.Query().Get("name"))
	return v.showChange(http.StatusOK, changeView{Group: workflow, Name: name, Action: "add"})
}

// add writes a secret that has no value yet.
func (v *visit) add() error {
	workflow, err := v.workflowName()
	if err != nil {
		return err
	}
	return v.withForm(func(f *form.Form) error {
		view := changeView{Group: workflow, Action: "add"}
		view.entered(f)
		view.Name = f.Text("name")
		a, err := v.settings.Address(workflow, view.Name)
		if err != nil {
			view.wrong("name", err.Error())
		}
		value, err := f.Value()
		if err != nil {
			view.wrong("value", err.Error())
		}
		if len(view.Errors) > 0 {
			return v.showChange(http.StatusUnprocessableEntity, view)
		}
		entry, err := v.observe(a)
		if err != nil {
			return err
		}
		if entry.Live() {
			view.wrong("name", "a secret with this name already exists; replace it instead")
			return v.showChange(http.StatusConflict, view)
		}
		writer, err := v.writer(view.Team, view.Reason)
		if err != nil {
			return err
		}
		return v.finish(view, a, writer.SetSeen(v.r.Context(), a, entry.Seen(), value, false))
	})
}

// mayOpen refuses the form of a change that the person may not make, before anything is
// entered.
func (v *visit) mayOpen(action string, r person.Rights) error {
	missing := map[string]string{"add": r.Missing.Write, "replace": r.Missing.Write, "delete": r.Missing.Delete, "undelete": r.Missing.Undelete}[action]
	switch {
	case v.login.Person.MayWrite != nil:
		return v.login.Person.MayWrite
	case missing != "":
		return &missingRightError{missing, false}
	}
	return nil
}

// observe reads a secret or a connection with the person's token.
func (v *visit) observe(a secrets.Address) (secrets.Entry, error) {
	viewer, err := v.viewer()
	if err != nil {
		return secrets.Entry{}, err
	}
	return viewer.Describe(v.r.Context(), a)
}

func (v *visit) replacePage() error { return v.changePage("replace") }

func (v *visit) deletePage() error { return v.changePage("delete") }

func (v *visit) undeletePage() error { return v.changePage("undelete") }

// changePage shows the form of a change of the secret in the path.
func (v *visit) changePage(action string) error {
	secret, entry, err := v.describe()
	if err != nil {
		return err
	}
	if !secret.Exists {
		return errNotFound
	}
	if err := v.mayOpen(action, secret.Rights); err != nil {
		return err
	}
	view := changeView{Group: secret.Workflow, Name: secret.Name, Action: action, Seen: entry.Seen(), Live: entry.Live()}
	if secret.File != "" {
		view.Origin = secret.File
		if secret.Revision != "" {
			view.Origin += " at commit " + secret.Revision[:min(len(secret.Revision), 12)]
		}
	}
	v.ownership(v.r.Context(), &view, entry)
	return v.showChange(http.StatusOK, view)
}

// ownership sets who owns the secret, and whether the change takes it over. If the owner is
// a team of the person, the change is one of the team.
func (v *visit) ownership(ctx context.Context, view *changeView, e secrets.Entry) {
	view.Owner, _, _ = e.LastOwner()
	if owner, _, is := secrets.Undeletable(e); is && view.Action == "undelete" {
		view.Owner = owner
	}
	self := v.login.Person.Owner
	if team, is := strings.CutPrefix(string(view.Owner), "team/"); is && v.actsFor(ctx, view.Owner)[view.Owner] {
		view.Team, self = team, view.Owner
	}
	a := secrets.Address{Scope: secrets.Scope{Kind: view.Kind, Group: view.Group}, Name: view.Name}
	view.Takeover = secrets.MayWrite(e.KnownAs(self), e, a) != nil
	view.AfterTakeover = consequence(view.Action, view.Owner)
}

// consequence is what follows a change of a secret of another owner.
func consequence(action string, of secrets.Owner) string {
	if action == "delete" {
		return afterDeletion(of)
	}
	return afterTakeover(of)
}

func (v *visit) replace() error {
	return v.withForm(func(f *form.Form) error {
		a, err := v.address()
		if err != nil {
			return err
		}
		view, adopt := v.confirmed(a, "replace", f)
		value, err := f.Value()
		if err != nil {
			view.wrong("value", err.Error())
		}
		if len(view.Errors) > 0 {
			return v.showChange(http.StatusUnprocessableEntity, view)
		}
		writer, err := v.writer(view.Team, view.Reason)
		if err != nil {
			return err
		}
		return v.finish(view, a, writer.SetSeen(v.r.Context(), a, view.Seen, value, adopt))
	})
}

func (v *visit) delete() error {
	a, err := v.address()
	if err != nil {
		return err
	}
	return v.confirm(a, "delete", func(writer *manual.Session, view changeView, adopt bool) report.Result {
		return writer.DeleteSeen(v.r.Context(), a, view.Seen, adopt)
	})
}

func (v *visit) undelete() error {
	a, err := v.address()
	if err != nil {
		return err
	}
	return v.confirm(a, "undelete", func(writer *manual.Session, view changeView, _ bool) report.Result {
		return writer.UndeleteSeen(v.r.Context(), a, view.Seen)
	})
}

// confirm makes a change without a value that the person confirmed.
func (v *visit) confirm(a secrets.Address, action string, change func(*manual.Session, changeView, bool) report.Result) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	view, adopt := v.confirmed(a, action, f)
	if len(view.Errors) > 0 {
		return v.showChange(http.StatusUnprocessableEntity, view)
	}
	writer, err := v.writer(view.Team, view.Reason)
	if err != nil {
		return err
	}
	return v.finish(view, a, change(writer, view, adopt))
}

func (v *visit) showChange(status int, view changeView) error {
	view.MaxBytes, view.Audited = v.maxValueBytes(), v.web.Audit != ""
	if view.ValueKind == "" {
		view.ValueKind = form.OfText
	}
	view.Teams = v.teams()
	titles := map[string]string{"add": "Add secret", "replace": "Replace " + view.Name, "delete": "Delete " + view.Name, "undelete": "Undelete " + view.Name}
	page := "change"
	if view.Action == "delete" || view.Action == "undelete" {
		page = "confirm"
	}
	return v.show(status, page, titles[view.Action], view)
}

// teams are the teams that the person's rules name; none if Vault does not answer.
func (v *visit) teams() []string {
	acl, err := v.client.ResultantACL(v.r.Context())
	if err != nil {
		return nil
	}
	return person.Teams(acl, v.vault.Mount)
}

// done are the sentences of changes that were made.
var done = map[string]string{
	"add": "Added", "replace": "Replaced", "delete": "Deleted", "undelete": "Undeleted",
}

// showInvalid shows the form of a change that package secrets refused, and why.
func (v *visit) showInvalid(view changeView, err error) error {
	switch {
	case view.Action == "delete" || view.Action == "undelete":
		view.wrong("", err.Error())
	case view.Kind == secrets.Connection:
		view.wrong("fields", err.Error())
		return v.showConnectionChange(http.StatusUnprocessableEntity, view, nil)
	default:
		view.wrong("value", err.Error())
	}
	return v.showChange(http.StatusUnprocessableEntity, view)
}

// finish shows the result of a change: the page of the workflow, or the form again, or the
// error.
func (v *visit) finish(view changeView, a secrets.Address, r report.Result) error {
	if invalid := r.Err; errors.Is(invalid, secrets.ErrInvalid) {
		return v.showInvalid(view, invalid)
	}
	back := link("workflows", a.Group)
	if a.Kind == secrets.Connection {
		back = "/connections"
	}
	if r.Err != nil {
		at := link("workflows", a.Group, "secrets", a.Name)
		if a.Kind == secrets.Connection {
			at = link("connections", a.Group, a.Name)
		}
		v.failAt(r.Err, at, "Look at "+a.Name)
		return nil
	}
	v.wakeDaemon()
	note := done[view.Action] + " " + a.Name + "."
	if view.Warning != "" {
		note += " Warning: " + view.Warning + "."
	}
	v.sessions.Leave(v.ticket, note)
	v.redirect(back)
	return nil
}
