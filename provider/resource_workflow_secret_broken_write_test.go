// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"path"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// fault is a connection error during the write of one secret: at its request with this
// number (1 reads metadata, 2 sends the value, 3 writes the record), once or from then
// on.
type fault struct {
	request int
	moment  vaulttest.Moment
	outage  bool
	// action and drift are those of the next plan.
	action string
	drift  string
}

func (f fault) secret() string {
	name := fmt.Sprintf("at-%d-%s", f.request, map[vaulttest.Moment]string{vaulttest.Before: "before", vaulttest.After: "after"}[f.moment])
	if f.outage {
		name += "-outage"
	}
	return name
}

// breakOn configures the proxy to break the requests of each fault.
func (s *fixture) breakOn(faults []fault) {
	byName := map[string]fault{}
	for _, f := range faults {
		byName[f.secret()] = f
	}
	var mu sync.Mutex
	counts := map[string]*requestCount{}
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		name := path.Base(r.URL.Path)
		f, ok := byName[name]
		if !ok {
			return vaulttest.Action{}
		}
		mu.Lock()
		defer mu.Unlock()
		if counts[name] == nil {
			counts[name] = &requestCount{}
		}
		if counts[name].breaks(r, f.request, f.outage) {
			return vaulttest.CutAt(f.moment)
		}
		return vaulttest.Action{}
	})
}

// secrets returns the resources of the faults. on_drift is "error", so that each test
// also shows that an unfinished write is not treated as drift.
func (s *fixture) secrets(faults []fault, value, version string) []string {
	var all []string
	for _, f := range faults {
		all = append(all, s.secret(f.secret(), fmt.Sprintf("%q", value),
			fmt.Sprintf("value_wo_version = %q", version), `on_drift = "error"`))
	}
	return all
}

// convergesAfter checks the drift in the next plan, and that the next apply repairs it.
func (s *fixture) convergesAfter(t *testing.T, faults []fault, value string) {
	t.Helper()
	s.assertBlind(t)
	s.proxy.Reset()
	plan := s.Plan(t)
	for _, f := range faults {
		change := plan.Change(at(f.secret()))
		change.HasActions(t, f.action)
		if f.action == "update" {
			change.Changes(t, "drift", f.drift, "in sync")
		}
	}
	if result := s.ApplyPlan(t); result.Code != 0 {
		t.Fatalf("the next apply fails:\n%s", result.Output)
	}
	for _, f := range faults {
		s.attributes(t, f.secret(), map[string]any{"drift": "in sync"})
		if got := s.value(t, f.secret()); got != value {
			t.Errorf("%s: the workflow reads %q, want %q", f.secret(), got, value)
		}
	}
	s.NoChanges(t)
}

func TestInterruptedCreateIsRepaired(t *testing.T) {
	t.Parallel()
	faults := []fault{
		{1, vaulttest.Before, false, "no-op", ""},
		{1, vaulttest.After, false, "no-op", ""},
		{1, vaulttest.Before, true, "create", ""},
		{2, vaulttest.Before, false, "no-op", ""},
		{2, vaulttest.After, false, "update", "record lost"},
		{2, vaulttest.Before, true, "update", "absent"},
		{2, vaulttest.After, true, "update", "record lost"},
		{3, vaulttest.Before, false, "no-op", ""},
		{3, vaulttest.After, false, "no-op", ""},
		{3, vaulttest.Before, true, "update", "record lost"},
		{3, vaulttest.After, true, "no-op", ""},
	}
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secrets(faults, "own", "1")...)
		s.Plan(t)
		s.breakOn(faults)
		result := s.ApplyPlan(t)
		result.Contains(t,
			"Warning: Result of the write is unknown", "outcome unknown",
			"Warning: Secret was written without its record",
			"Error: Cannot create the secret", // of 1-before-outage, which nothing was sent for
		)
		s.attributes(t, "at-2-after", map[string]any{"version": nil, "drift": "not checked: the answer to the write was lost"})
		s.attributes(t, "at-3-before-outage", map[string]any{"version": 1.0, "drift": "record lost"})
		s.convergesAfter(t, faults, "own")
	})
}

func TestInterruptedUpdateIsRepaired(t *testing.T) {
	t.Parallel()
	faults := []fault{
		{1, vaulttest.Before, false, "no-op", ""},
		{1, vaulttest.Before, true, "update", "in sync"},
		{2, vaulttest.Before, false, "no-op", ""},
		{2, vaulttest.After, false, "update", "overwritten: version 2"},
		{2, vaulttest.Before, true, "update", "in sync"},
		{2, vaulttest.After, true, "update", "overwritten: version 2"},
		{3, vaulttest.Before, false, "no-op", ""},
		{3, vaulttest.Before, true, "update", "record lost"},
		{3, vaulttest.After, true, "no-op", ""},
	}
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secrets(faults, "first", "1")...)
		s.Apply(t)
		s.configure(t, s.secrets(faults, "second", "2")...)
		s.Plan(t)
		s.breakOn(faults)
		result := s.ApplyPlan(t)
		if result.Code != 1 {
			t.Errorf("exit %d, want 1", result.Code)
		}
		result.Contains(t, "Error: Cannot update the secret", "outcome unknown", "the record was not updated")
		s.attributes(t, "at-2-after", map[string]any{"version": 1.0, "value_wo_version": "1"})
		s.attributes(t, "at-3-before-outage", map[string]any{"version": 2.0, "value_wo_version": "2"})
		s.convergesAfter(t, faults, "second")
	})
}

func TestUnconfirmedCreateIsNotMatchedWithAnotherOwnersVersion(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		lost := fault{request: 2, moment: vaulttest.Before, outage: true}
		s.configure(t, s.secret(lost.secret(), `"own"`))
		s.Plan(t)
		s.breakOn([]fault{lost})
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		s.assertBlind(t)
		s.proxy.Reset()
		s.vault.Write(t, s.workflow, lost.secret(), "other")
		s.vault.PatchCustomMetadata(t, s.workflow, lost.secret(), map[string]any{
			"relay.gitops/cluster-1/platform": s.recordOf(t, lost.secret(), 1),
		})
		s.Fails(t, []string{"plan"}, "owned by gitops/cluster-1/platform")
		s.Must(t, "destroy", "-auto-approve", "-refresh=false").Contains(t, "stays in Vault")
		if got := s.value(t, lost.secret()); got != "other" {
			t.Errorf("the workflow reads %q, want the other value", got)
		}
	})
}
