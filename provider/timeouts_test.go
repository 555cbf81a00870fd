// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// patience limits the waits of a test.
const patience = time.Minute

// hang blocks requests like this one until the provider cancels them.
func (s *fixture) hang(method, part string) {
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == method && strings.Contains(r.URL.Path, part) {
			<-r.Context().Done()
			return vaulttest.CutAt(vaulttest.Before)
		}
		return vaulttest.Action{}
	})
}

func TestTimeoutStopsAHangingOperation(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli.Raced())
		const timedOut = "Timed out after 1s, the limit in the resource's timeouts"
		token := func(version, timeouts string) {
			t.Helper()
			s.configure(t, s.secret("token", `"v`+version+`"`, `value_wo_version = "`+version+`"`, `timeouts = { `+timeouts+` }`))
		}
		token("1", `create = "1s"`)
		s.hang(http.MethodGet, "/metadata/")
		s.Fails(t, []string{"apply", "-auto-approve"}, "Cannot create the secret", timedOut)
		if s.vault.Metadata(t, s.workflow, "token") != nil || s.Attributes(t, at("token")) != nil {
			t.Error("a value was written")
		}
		s.assertBlind(t)
		s.proxy.Reset()
		s.Apply(t)

		token("2", `update = "1s"`)
		s.Plan(t)
		s.hang(http.MethodGet, "/metadata/")
		if result := s.ApplyPlan(t); result.Code != 1 {
			t.Errorf("exit %d, want 1", result.Code)
		} else {
			result.Contains(t, "Cannot update the secret", timedOut)
		}
		s.attributes(t, "token", map[string]any{"version": 1.0, "value_wo_version": "1"})

		token("1", `read = "1s", delete = "1s"`)
		s.proxy.Reset()
		s.Apply(t)
		s.hang(http.MethodGet, "/metadata/")
		s.Fails(t, []string{"plan"}, "Cannot check for drift", timedOut)
		s.Fails(t, []string{"destroy", "-auto-approve", "-refresh=false"}, "Cannot delete the secret", timedOut)
		if got := s.value(t, "token"); got != "v1" {
			t.Errorf("the workflow reads %q", got)
		}
		s.proxy.Reset()
		s.NoChanges(t)
	})
}

func TestInterruptedApplyFinishesTheStartedWrite(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli.Raced())
		s.configure(t, s.secret("begun", `"one"`), s.secret("waiting", `"one"`))
		s.Plan(t)
		reached, stopped := make(chan struct{}, 2), make(chan struct{})
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			switch {
			case strings.HasSuffix(r.URL.Path, "/metadata/workflows/"+s.workflow+"/waiting"):
				reached <- struct{}{}
				<-r.Context().Done() // the provider was stopped
				close(stopped)
				return vaulttest.CutAt(vaulttest.Before)
			case strings.Contains(r.URL.Path, "/data/"):
				reached <- struct{}{}
				<-stopped
			}
			return vaulttest.Action{}
		})
		apply := s.Start(t, "apply", terraformtest.PlanFile)
		for range 2 {
			select {
			case <-reached:
			case <-time.After(patience):
				t.Fatal("the apply does not get to both secrets")
			}
		}
		apply.Interrupt(t)
		result := apply.Wait(t)
		if result.Code != 1 {
			t.Errorf("exit %d, want 1:\n%s", result.Code, result.Output)
		}
		result.Contains(t, "Cannot create the secret", "Interrupted:")
		s.attributes(t, "begun", map[string]any{"version": 1.0, "drift": "in sync"})
		if s.vault.Metadata(t, s.workflow, "waiting") != nil || s.Attributes(t, at("waiting")) != nil {
			t.Error("what had not begun was written all the same")
		}
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent", n)
		}
		plan := s.Plan(t)
		plan.Change(at("begun")).HasActions(t, "no-op")
		plan.Change(at("waiting")).HasActions(t, "create")
		s.Apply(t)
		s.NoChanges(t)
	})
}
