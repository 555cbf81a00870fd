// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// client is the client of Vault with the token of the request.
func (c *call) client() *vaultclient.Client {
	return c.Clients.WithToken(c.token, c.ClientAddress(c.r))
}

// settings are those of the request. A warning is about the token, and goes to the log.
func (c *call) settings() manual.Settings {
	s := c.Settings
	s.Team = c.r.Header.Get(TeamHeader)
	s.Warn = func(text string) { c.Log.Info("user API", "warning", text) }
	return s
}

// viewer reads as the person of the token.
func (c *call) viewer() (*manual.Viewer, error) { return manual.NewViewer(c.client(), c.settings()) }

// session writes as the person of the token, or as the team of the request.
func (c *call) session() (*manual.Session, error) {
	client := c.client()
	identity, err := person.Identify(c.r.Context(), client)
	if err != nil {
		return nil, err
	}
	c.entity = identity.EntityID
	return manual.NewSession(c.r.Context(), client, identity, c.settings())
}

// change is the session of a request that changes something, and the members of its body,
// which may have these and no others. The body is read only after Vault knows the person.
func (c *call) change(members ...string) (*manual.Session, *fields, error) {
	session, err := c.session()
	if err != nil {
		return nil, nil, err
	}
	if err := c.takeSlot(); err != nil {
		return nil, nil, err
	}
	body, err := readObject(c.w, c.r, c.maxValueBytes)
	if err != nil {
		return nil, nil, err
	}
	c.extend()
	return session, fieldsOf(body, members...), nil
}

// answerTime is how long a change may take besides the wait for another writer's record.
const answerTime = time.Minute

// takeSlot waits until the body may be in memory.
func (c *call) takeSlot() error {
	if c.Slot == nil {
		return nil
	}
	release, ok := c.Slot(c.r.Context(), c.entity)
	if !ok {
		skip(c.w, c.r, c.maxValueBytes)
		return tooMany()
	}
	c.release = release
	return nil
}

// extend lets a change take its time.
func (c *call) extend() { ExtendDeadlines(c.w, c.Settings.Settle) }

// ExtendDeadlines lets a change take its time: it waits until no record of an outside change
// can follow. Without it the deadlines of the server would end the request, and then its
// outcome would not be known. settle is as in manual.Settings.
func ExtendDeadlines(w http.ResponseWriter, settle time.Duration) {
	if settle == 0 {
		settle = secrets.DefaultSettle
	}
	control, until := http.NewResponseController(w), time.Now().Add(settle+answerTime)
	_ = control.SetReadDeadline(until) // fails only for a ResponseWriter without deadlines
	_ = control.SetWriteDeadline(until)
}

// checkName checks a name of the path or of the body.
func checkName(kind, name string) error { return secrets.CheckName(kind, name) }

// workflow is the workflow in the path.
func (c *call) workflow() (string, error) {
	name := c.names["workflow"]
	if err := checkName("workflow", name); err != nil {
		return "", invalidFields(map[string]string{"workflow": err.Error()})
	}
	return name, nil
}
