// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// viewWorkflows lists the workflows that the person may see: those that the policies name,
// and all where the person may list them.
func (c *call) viewWorkflows() (any, error) {
	acl, err := c.client().ResultantACL(c.r.Context())
	if errors.Is(err, kv.ErrPermissionDenied) { // the policy default permits it to each token
		err = secrets.ErrTokenRejected
	}
	if err != nil {
		return nil, err
	}
	names, listable := person.Workflows(acl, c.Settings.Mount, c.Settings.Prefix)
	if listable {
		viewer, err := c.viewer()
		if err != nil {
			return nil, err
		}
		all, err := viewer.Workflows(c.r.Context())
		if err != nil {
			return nil, err
		}
		names = append(names, all...)
	}
	slices.Sort(names)
	list := []named{}
	for _, name := range slices.Compact(names) {
		list = append(list, named{name})
	}
	return map[string][]named{"workflows": list}, nil
}

// getWorkflow returns a workflow with the id of its revision.
func (c *call) getWorkflow() (any, error) {
	name, found, err := c.revision()
	if err != nil {
		return nil, err
	}
	type id struct {
		ID string `json:"id"`
	}
	var latest *id
	if found != nil {
		latest = &id{found.ID}
	}
	return map[string]any{"workflow": map[string]any{"name": name, "latest_revision": latest}}, nil
}

// getRevision returns the references of the steps of a workflow.
func (c *call) getRevision() (any, error) {
	name, found, err := c.revision()
	if err != nil {
		return nil, err
	}
	if found == nil || found.ID != c.names["revision"] {
		return nil, failed(notFound, "revision of workflow "+name+": not found; only the latest one is known\nHint: the workflow has its id in latest_revision")
	}
	return map[string]*revision{"revision": found}, nil
}

// revision is the workflow in the path, and its revision, nil for none. What the daemon
// knows is shown only to who may list the workflow and read its metadata.
func (c *call) revision() (workflow string, latest *revision, err error) {
	if workflow, err = c.workflow(); err != nil {
		return "", nil, err
	}
	names, found, err := c.live(workflow)
	if err != nil {
		return "", nil, err
	}
	root := secrets.Scope{Namespace: secrets.CanonicalNamespace(c.Settings.Vault.Namespace), Mount: c.Settings.Mount, Prefix: c.Settings.Prefix}
	may, err := person.MayView(c.r.Context(), c.client(), root, workflow)
	if err != nil {
		return "", nil, err
	}
	if may[workflow] {
		latest = revisionOf(c.referencesOf(workflow), names)
	}
	if !found && latest == nil {
		return "", nil, failed(notFound, "workflow "+workflow+": not found: no secret was ever written there, and no workflow file is known")
	}
	return workflow, latest, nil
}

// daemonTimeout limits the wait for a daemon. Without its answer no reference is known.
const daemonTimeout = 5 * time.Second

// referencesOf is what the daemon knows of a workflow, if it is about the same location in
// Vault.
func (c *call) referencesOf(workflow string) report.Workflow {
	if c.Daemon == nil {
		return report.Workflow{}
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), daemonTimeout)
	defer cancel()
	known, err := c.Daemon.Workflow(ctx, workflow)
	if err != nil {
		c.Log.Warn("user API: the daemon does not answer, so no references are known", "err", err.Error())
		return report.Workflow{}
	}
	at := c.Settings
	if known.Namespace != secrets.CanonicalNamespace(at.Vault.Namespace) || known.Mount != at.Mount || known.Prefix != at.Prefix {
		return report.Workflow{}
	}
	return known.Workflow(workflow)
}
