// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// secretEntity is the response to a change of a secret.
type secretEntity struct {
	Secret   named    `json:"secret"`
	Warnings []string `json:"warnings,omitempty"`
}

// deleted is the response to a deletion.
type deleted struct {
	Success    bool   `json:"success"`
	ResourceID string `json:"resource_id"`
}

// live are the names of the live secrets of a workflow. found is false if nothing was ever
// written there.
func (c *call) live(workflow string) (names []string, found bool, err error) {
	viewer, err := c.viewer()
	if err != nil {
		return nil, false, err
	}
	all, err := viewer.List(c.r.Context(), workflow)
	if errors.Is(err, manual.ErrNoSecrets) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, row := range all.Workflows[0].Rows {
		if row.Entry.Live() {
			names = append(names, row.Name)
		}
	}
	return names, true, nil
}

// listSecrets lists the names. A workflow without secrets is an empty list: Relay's command
// line asks for it before it creates the first one.
func (c *call) listSecrets() (any, error) {
	workflow, err := c.workflow()
	if err != nil {
		return nil, err
	}
	names, _, err := c.live(workflow)
	if err != nil {
		return nil, err
	}
	list := []named{}
	for _, name := range names {
		list = append(list, named{name})
	}
	return map[string][]named{"secrets": list}, nil
}

// createSecret writes a secret that does not exist.
func (c *call) createSecret() (any, error) {
	workflow, err := c.workflow()
	if err != nil {
		return nil, err
	}
	session, f, err := c.change("name", "value")
	if err != nil {
		return nil, err
	}
	name := f.text("name", func(name string) error { return checkName("secret", name) })
	value, warnings := f.value("value")
	if err := f.err(); err != nil {
		return nil, err
	}
	a, err := c.Settings.Address(workflow, name)
	if err != nil {
		return nil, err
	}
	return c.write(session, a, value, warnings, false)
}

// replaceSecret writes a new version of a secret that exists.
func (c *call) replaceSecret() (any, error) {
	a, err := c.secret()
	if err != nil {
		return nil, err
	}
	session, f, err := c.change("value")
	if err != nil {
		return nil, err
	}
	value, warnings := f.value("value")
	if err := f.err(); err != nil {
		return nil, err
	}
	return c.write(session, a, value, warnings, true)
}

// secret is the secret in the path.
func (c *call) secret() (secrets.Address, error) {
	problems := map[string]string{}
	for _, kind := range []string{"workflow", "secret"} {
		if err := checkName(kind, c.names[kind]); err != nil {
			problems[kind] = err.Error()
		}
	}
	if err := invalidFields(problems); err != nil {
		return secrets.Address{}, err
	}
	return c.Settings.Address(c.names["workflow"], c.names["secret"])
}

// write writes a secret if it exists, or if it does not, as the request wants it. The
// write is checked against what was observed for that.
func (c *call) write(session *manual.Session, a secrets.Address, value secrets.Value, warnings []string, exists bool) (any, error) {
	observed, err := session.Observe(c.r.Context(), a, false)
	if err := expect(a, observed, exists, err); err != nil {
		return nil, err
	}
	if result := session.Set(c.r.Context(), a, observed, value, false); result.Err != nil {
		return nil, result.Err
	}
	return secretEntity{named{a.Name}, warnings}, nil
}

// expect is why a request cannot change what was observed, with the error of the
// observation. It is decided before the ownership: what does not exist is not found.
func expect(a secrets.Address, observed secrets.Entry, exists bool, err error) error {
	notOwner := errors.Is(err, secrets.ErrNotOwner)
	switch {
	case err != nil && !notOwner:
		return err
	case exists && !observed.Live():
		return failed(notFound, a.Kind.String()+" "+a.String()+": not found\nHint: GET the list for the names that exist; POST creates a new one")
	case !exists && observed.Live() && !notOwner:
		return failed(conflict, a.Kind.String()+" "+a.String()+" already exists; nothing was written\nHint: replace its value with PUT")
	}
	return err
}

// deleteSecret soft-deletes the current version of a secret.
func (c *call) deleteSecret() (any, error) {
	a, err := c.secret()
	if err != nil {
		return nil, err
	}
	return c.delete(a, a.Name)
}

// delete soft-deletes what was observed.
func (c *call) delete(a secrets.Address, id string) (any, error) {
	session, err := c.session()
	if err != nil {
		return nil, err
	}
	c.extend()
	observed, err := session.Observe(c.r.Context(), a, false)
	if err := expect(a, observed, true, err); err != nil {
		return nil, err
	}
	// Such a deletion would only release the record, and the value would stay.
	if owner, owned := observed.Owner(); !owned || !owner.Same(session.Owner()) {
		return nil, failed(conflict, a.Kind.String()+" "+a.String()+": overwritten by another writer; nothing was deleted\nHint: replace its value with PUT, and then delete it")
	}
	result := session.DeleteSeen(c.r.Context(), a, observed.Seen(), false)
	return deleted{Success: true, ResourceID: id}, result.Err
}
