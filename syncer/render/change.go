// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"cmp"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Owner is an owner in words.
func Owner(o secrets.Owner) string {
	kind, id, _ := strings.Cut(string(o), "/")
	switch kind {
	case "terraform":
		return "the Terraform configuration " + id
	case "gitops":
		controller, source, _ := strings.Cut(id, "/")
		return "the git source " + source + " of " + controller
	case "person":
		return cmp.Or(o.Readable(), id)
	case "team":
		return "the team " + id
	}
	return "an unknown writer"
}

// Change is one change of a plan in words, for who approves it.
type Change struct {
	plan.DocumentAction
	// Does is what happens once the plan is approved, and Meaning the same as a clause.
	Does    plan.Kind
	Meaning string
	// before and after are who owns the secret before and after it.
	before, after string
}

// meanings are what a person who does not know the kinds needs to know about them. A connection
// cannot be undeleted.
var meanings = map[plan.Kind]string{
	plan.Add:          "writes the value of the file; no value exists now",
	plan.Change:       "replaces the value by that of the file",
	plan.Repair:       "writes the value of the file again, after an outside change",
	plan.Adopt:        "takes it over, and writes the value of the file",
	plan.HandOver:     "takes it over from another source of this controller, and writes the value of the file",
	plan.Delete:       "deletes the current version",
	plan.Release:      "drops the claim of this source, and leaves the value",
	plan.UpdateRecord: "updates the record, and leaves the value",
	plan.Sign:         "signs the record again, and leaves the value",
}

// Changes are the changes of a plan in words.
func Changes(d plan.Document) []Change {
	var out []Change
	owner, err := secrets.GitOpsOwner(d.Controller, d.Source)
	for _, a := range d.Actions {
		c := Change{DocumentAction: a, Does: cmp.Or(a.Approved, a.Action)}
		c.Meaning, c.before, c.after = meanings[c.Does], ownerOf(a), ownerOf(a)
		if c.Does == plan.Delete && a.Kind != secrets.Connection.Label() {
			c.Meaning += "; it can be undeleted"
		}
		switch {
		case c.Does == plan.Release && a.LastOwner != owner: // its value is of that owner
		case c.Does.Removes():
			c.after = noOwner
		case c.Does.Writes() && err == nil:
			c.after = Owner(owner)
		}
		out = append(out, c)
	}
	return out
}

// noOwner is in place of an owner.
const noOwner = "no owner"

// ownerOf is who owns the secret of an action before it.
func ownerOf(a plan.DocumentAction) string {
	switch {
	case a.LastOwner != secrets.NoOwner:
		return Owner(a.LastOwner)
	case a.Version > 0:
		return noOwner + " (unmanaged)"
	}
	return noOwner
}

// Title is the secret or connection of the change.
func (c Change) Title() string {
	if c.Kind != "" {
		return c.Kind + ":" + c.Workflow + "/" + c.Name
	}
	return c.Workflow + "/" + c.Name
}

// Owners are the owners before and after the change.
func (c Change) Owners() string {
	if c.before == c.after {
		return c.before + ", as before"
	}
	return c.before + "; afterwards " + c.after
}
