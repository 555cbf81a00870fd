// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

// fieldView is one field of the form of a connection.
type fieldView struct {
	Name string
	// Input is the name of the control.
	Input    string
	Required bool
}

// fieldPrefix begins the names of the controls for fields, before the names of the fields.
const fieldPrefix = "field."

// fieldsFor are the fields of the form of a type: those that its readers know, and those that
// the connection has. Pure.
func fieldsFor(kind string, has []string) []fieldView {
	required, optional := connections.KnownFields(kind)
	var out []fieldView
	for _, name := range slices.Concat(required, optional, has) {
		if !slices.ContainsFunc(out, func(f fieldView) bool { return f.Name == name }) {
			out = append(out, fieldView{Name: name, Input: fieldPrefix + name, Required: slices.Contains(required, name)})
		}
	}
	return out
}

func (v *visit) addConnectionPage() error {
	if err := v.needsDomain(); err != nil {
		return err
	}
	rights, err := person.RightsInDomain(v.r.Context(), v.client, v.root(), v.vault.Domain)
	if err == nil {
		err = v.mayOpen("add", rights)
	}
	if err != nil {
		return err
	}
	kind := strings.TrimSpace(v.r.URL.Query().Get("type"))
	view := changeView{Kind: secrets.Connection, Group: kind, Name: strings.TrimSpace(v.r.URL.Query().Get("name")), Action: "add"}
	if kind != "" {
		if err := connections.CheckType(kind); err != nil {
			return err
		}
	}
	return v.showConnectionChange(http.StatusOK, view, nil)
}

// addConnection writes a connection that does not exist yet.
func (v *visit) addConnection() error {
	if err := v.needsDomain(); err != nil {
		return err
	}
	return v.withForm(func(f *form.Form) error {
		view := changeView{Kind: secrets.Connection, Group: f.Text("type"), Name: f.Text("name"), Action: "add"}
		view.entered(f)
		a, err := v.settings.Connection(v.vault.Domain, view.Group, view.Name)
		if err != nil {
			view.wrong("name", err.Error())
		}
		fields := v.enteredFields(&view, f)
		if len(view.Errors) > 0 {
			return v.showConnectionChange(http.StatusUnprocessableEntity, view, f)
		}
		entry, err := v.observe(a)
		if err != nil {
			return err
		}
		if entry.Live() {
			view.wrong("name", "a connection with this type and name already exists; replace it instead")
			return v.showConnectionChange(http.StatusConflict, view, f)
		}
		return v.writeConnection(view, a, entry.Seen(), fields, false)
	})
}

// enteredFields are the values of the fields. Those of an unknown type have their names
// beside them.
func (v *visit) enteredFields(view *changeView, f *form.Form) map[string]secrets.Value {
	fields, err := f.Fields(fieldPrefix)
	if err == nil {
		err = f.NamedFields(fields)
	}
	if err != nil {
		view.wrong("fields", err.Error())
		return nil
	}
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	found := connections.CheckFields(view.Group, names)
	if found.Problem != "" {
		view.wrong("fields", found.Problem)
	}
	view.Warning = found.Warning
	if len(fields) == 0 {
		view.wrong("fields", "a connection needs at least one field")
	}
	return fields
}

func (v *visit) writeConnection(view changeView, a secrets.Address, seen secrets.Seen, fields map[string]secrets.Value, adopt bool) error {
	writer, err := v.writer(view.Team, view.Reason)
	if err != nil {
		return err
	}
	return v.finish(view, a, writer.SetConnectionSeen(v.r.Context(), a, seen, fields, adopt))
}

func (v *visit) replaceConnectionPage() error {
	view, entry, err := v.connectionChange("replace")
	if err != nil {
		return err
	}
	view.Fields = fieldsFor(view.Group, fieldsOf(entry))
	return v.showConnectionChange(http.StatusOK, view, nil)
}

func (v *visit) deleteConnectionPage() error {
	view, _, err := v.connectionChange("delete")
	if err != nil {
		return err
	}
	return v.showChange(http.StatusOK, view)
}

// connectionChange is the form of a change of the connection in the path.
func (v *visit) connectionChange(action string) (changeView, secrets.Entry, error) {
	shown, entry, err := v.describeConnection()
	if err != nil {
		return changeView{}, entry, err
	}
	if err := v.mayOpen(action, shown.Rights); err != nil {
		return changeView{}, entry, err
	}
	view := changeView{Kind: secrets.Connection, Group: shown.Type, Name: shown.Name, Action: action, Seen: entry.Seen(), Live: entry.Live()}
	v.ownership(v.r.Context(), &view, entry)
	return view, entry, nil
}

func (v *visit) replaceConnection() error {
	return v.withForm(func(f *form.Form) error {
		a, err := v.connectionAddress()
		if err != nil {
			return err
		}
		view, adopt := v.confirmed(a, "replace", f)
		fields := v.enteredFields(&view, f)
		if len(view.Errors) > 0 {
			return v.showConnectionChange(http.StatusUnprocessableEntity, view, f)
		}
		return v.writeConnection(view, a, view.Seen, fields, adopt)
	})
}

func (v *visit) deleteConnection() error {
	a, err := v.connectionAddress()
	if err != nil {
		return err
	}
	return v.confirm(a, "delete", func(writer *manual.Session, view changeView, adopt bool) report.Result {
		return writer.DeleteSeen(v.r.Context(), a, view.Seen, adopt)
	})
}

// showConnectionChange shows the form of a connection, with the names of the fields that were
// entered.
func (v *visit) showConnectionChange(status int, view changeView, entered *form.Form) error {
	if entered != nil {
		view.Fields = fieldsFor(view.Group, entered.Names(fieldPrefix))
	}
	if view.Fields == nil {
		view.Fields = fieldsFor(view.Group, nil)
	}
	view.Types = connections.KnownTypes()
	return v.showChange(status, view)
}
