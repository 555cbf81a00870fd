// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// connection is a connection in Relay's form. No field of it is ever returned. Its
// capabilities, of which this project has none, are a list, because Relay's clients require
// one.
type connection struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Type         string       `json:"type"`
	Capabilities []string     `json:"capabilities"`
	CreatedAt    time.Time    `json:"created_at"`
	UpdatedAt    time.Time    `json:"updated_at"`
	Auth         authStatus   `json:"auth"`
	Availability availability `json:"availability"`
}

type authStatus struct {
	Type string `json:"type"`
}

// availability is the result of a test of a connection, which this project does not do.
type availability struct {
	Status string `json:"status"`
}

type connectionEntity struct {
	Connection connection `json:"connection"`
	Warnings   []string   `json:"warnings,omitempty"`
}

// connectionID is type and name with a colon, which no name contains.
func connectionID(a secrets.Address) string { return a.Group + ":" + a.Name }

func connectionOf(a secrets.Address, e secrets.Entry) connection {
	return connection{
		ID: connectionID(a), Name: a.Name, Type: a.Group, Capabilities: []string{},
		CreatedAt: e.Versions[max(e.Oldest, 1)].Created, UpdatedAt: e.Versions[e.Current].Created,
		Auth: authStatus{"secret"}, Availability: availability{"unknown"},
	}
}

// domain is an error where the server has no connections.
func (c *call) domain() error {
	if c.Domain == "" {
		return failed(notFound, "not found: this server has no connections\nHint: an administrator sets the domain in its configuration: vault.domain")
	}
	return nil
}

// address is the address of a connection. The error has the fields that are invalid.
func (c *call) address(kind, name string) (secrets.Address, error) {
	problems := map[string]string{}
	if err := connections.CheckType(kind); err != nil {
		problems["type"] = err.Error()
	}
	if err := checkName("connection", name); err != nil {
		problems["name"] = err.Error()
	}
	root := secrets.Scope{Namespace: secrets.CanonicalNamespace(c.Settings.Vault.Namespace), Mount: c.Settings.Mount}
	return connections.Address(root, c.Domain, kind, name), invalidFields(problems)
}

// connection is the connection in the path.
func (c *call) connection() (secrets.Address, error) {
	if err := c.domain(); err != nil {
		return secrets.Address{}, err
	}
	kind, name, found := strings.Cut(c.names["connection"], ":")
	if !found {
		return secrets.Address{}, invalidFields(map[string]string{"connection": "must be type:name"})
	}
	return c.address(kind, name)
}

// listConnections lists the live connections.
func (c *call) listConnections() (any, error) {
	if err := c.domain(); err != nil {
		return nil, err
	}
	viewer, err := c.viewer()
	if err != nil {
		return nil, err
	}
	types, err := viewer.Connections(c.r.Context(), c.Domain)
	if err != nil {
		return nil, err
	}
	list := []connection{}
	for _, one := range types {
		for _, row := range one.Rows {
			if row.Entry.Live() {
				list = append(list, connectionOf(one.Scope.Secret(row.Name), row.Entry))
			}
		}
	}
	return map[string][]connection{"connections": list}, nil
}

// getConnection returns one connection, without its fields.
func (c *call) getConnection() (any, error) {
	a, err := c.connection()
	if err != nil {
		return nil, err
	}
	viewer, err := c.viewer()
	if err != nil {
		return nil, err
	}
	observed, err := viewer.Describe(c.r.Context(), a)
	if err := expect(a, observed, true, err); err != nil {
		return nil, err
	}
	return connectionEntity{Connection: connectionOf(a, observed)}, nil
}

// createConnection writes a connection that does not exist.
func (c *call) createConnection() (any, error) {
	if err := c.domain(); err != nil {
		return nil, err
	}
	session, f, err := c.change("name", "type", "auth")
	if err != nil {
		return nil, err
	}
	name := f.text("name", func(name string) error { return checkName("connection", name) })
	kind := f.text("type", connections.CheckType)
	values, warnings := f.login(kind)
	if err := f.err(); err != nil {
		return nil, err
	}
	a, err := c.address(kind, name)
	if err != nil {
		return nil, err
	}
	return c.writeConnection(session, a, values, warnings, false)
}

// replaceConnection writes all fields of a connection that exists.
func (c *call) replaceConnection() (any, error) {
	a, err := c.connection()
	if err != nil {
		return nil, err
	}
	session, f, err := c.change("name", "auth")
	if err != nil {
		return nil, err
	}
	if name, sent := f.body["name"]; sent && name != a.Name {
		f.problems["name"] = "must be the name in the path: a connection cannot be renamed, because its fields cannot be read"
	}
	values, warnings := f.login(a.Group)
	if err := f.err(); err != nil {
		return nil, err
	}
	return c.writeConnection(session, a, values, warnings, true)
}

// writeConnection writes a connection, as write does a secret.
func (c *call) writeConnection(session *manual.Session, a secrets.Address, values map[string]secrets.Value, warnings []string, exists bool) (any, error) {
	observed, err := session.Observe(c.r.Context(), a, false)
	if err := expect(a, observed, exists, err); err != nil {
		return nil, err
	}
	if result := session.SetConnectionSeen(c.r.Context(), a, observed.Seen(), values, false); result.Err != nil {
		return nil, result.Err
	}
	written, err := session.Observe(c.r.Context(), a, true)
	if err != nil {
		written = observed // the connection was written
	}
	return connectionEntity{connectionOf(a, written), warnings}, nil
}

// deleteConnection soft-deletes the pointer of a connection.
func (c *call) deleteConnection() (any, error) {
	a, err := c.connection()
	if err != nil {
		return nil, err
	}
	return c.delete(a, connectionID(a))
}
