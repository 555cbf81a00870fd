// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// PlanFile is where Plan saves the plan, below Workspace.Dir.
const PlanFile = "saved.tfplan"

// Plan is a saved plan.
type Plan struct {
	// Output is the output of the command.
	Output  string
	changes []Change
}

// Change is the planned change of one resource.
type Change struct {
	Address string `json:"address"`
	Change  struct {
		Actions []string       `json:"actions"`
		Before  map[string]any `json:"before"`
		After   map[string]any `json:"after"`
		Unknown map[string]any `json:"after_unknown"`
	} `json:"change"`
}

// Plan creates and saves a plan; it must succeed.
func (w *Workspace) Plan(t *testing.T, args ...string) *Plan {
	t.Helper()
	result := w.Must(t, append([]string{"plan", "-out=" + PlanFile}, args...)...)
	output, err := w.command(t.Context(), "show", "-json", PlanFile).Output()
	if err != nil {
		t.Fatalf("show the plan: %v\n%s", err, output)
	}
	var shown struct {
		Changes []Change `json:"resource_changes"`
	}
	if err := json.Unmarshal(output, &shown); err != nil {
		t.Fatalf("decode the plan: %v", err)
	}
	return &Plan{Output: result.Output, changes: shown.Changes}
}

// ApplyPlan applies the saved plan, and returns its result even if it failed.
func (w *Workspace) ApplyPlan(t *testing.T) Result {
	t.Helper()
	return w.Run(t, "apply", PlanFile)
}

// NoChanges fails the test if a plan has changes.
func (w *Workspace) NoChanges(t *testing.T) {
	t.Helper()
	if result := w.Run(t, "plan", "-detailed-exitcode"); result.Code != 0 {
		t.Errorf("the plan has changes: exit %d:\n%s", result.Code, result.Output)
	}
}

// Change returns the planned change of a resource; the zero Change if the plan has none.
func (p *Plan) Change(address string) Change {
	for _, c := range p.changes {
		if c.Address == address {
			return c
		}
	}
	return Change{}
}

// HasActions fails the test unless the change is these actions, such as "update", or
// "delete" and "create".
func (c Change) HasActions(t *testing.T, actions ...string) {
	t.Helper()
	if !slices.Equal(c.Change.Actions, actions) {
		t.Errorf("%s: planned %v, want %v", c.Address, c.Change.Actions, actions)
	}
}

// Changes fails the test unless an attribute goes from a text that begins with
// before to the text after.
func (c Change) Changes(t *testing.T, attribute, before, after string) {
	t.Helper()
	was, _ := c.Change.Before[attribute].(string)
	planned, _ := c.Change.After[attribute].(string)
	if !strings.HasPrefix(was, before) || planned != after {
		t.Errorf("%s: %s goes from %q to %q, want %q to %q", c.Address, attribute, was, planned, before, after)
	}
}

// Unknown returns the attributes that are known after apply, sorted.
func (c Change) Unknown() []string {
	var names []string
	for name, unknown := range c.Change.Unknown {
		if unknown == true {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
