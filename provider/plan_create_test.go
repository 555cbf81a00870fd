// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestRefuseCreate(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const own, other = secrets.Owner("terraform/shop"), secrets.Owner("gitops/c/s")
	address := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	live := func(version int, records map[secrets.Owner]secrets.Record) secrets.Entry {
		return secrets.Entry{Current: version, Oldest: 1, Date: noon.Add(time.Hour), Records: records,
			Versions: map[int]secrets.Version{version: {Created: noon}}}
	}
	record := func(version int) secrets.Record { return secrets.Record{Version: version, Time: noon} }
	dead := live(3, map[secrets.Owner]secrets.Record{own: record(3)})
	dead.Versions[3] = secrets.Version{Created: noon, Deleted: noon}
	replaces := func(version int) *replacedObject {
		return &replacedObject{Path: address.Path(), Version: version, Created: noon}
	}
	elsewhere := &replacedObject{Path: "customers/data/workflows/deploy/old", Version: 3, Created: noon}
	for _, row := range []struct {
		name     string
		replaces *replacedObject
		entry    secrets.Entry
		refused  string
	}{
		{"absent", nil, secrets.Entry{}, ""},
		{"dead", nil, dead, ""},
		{"unmanaged", nil, live(1, nil), "is unmanaged"},
		{"another owner", nil, live(1, map[secrets.Owner]secrets.Record{other: record(1)}), "owned by gitops/c/s"},
		{"this owner", nil, live(1, map[secrets.Owner]secrets.Record{own: record(1)}), "create_before_destroy"},
		{"the replaced version", replaces(3), live(3, map[secrets.Owner]secrets.Record{own: record(3)}), ""},
		{"the replaced version without its record", replaces(3), live(3, nil), ""},
		{"a version of another writer", replaces(3), live(4, map[secrets.Owner]secrets.Record{own: record(3)}), "apply without -replace"},
		{"a newer version of this owner", replaces(3), live(4, map[secrets.Owner]secrets.Record{own: record(4)}), "apply without -replace"},
		{"nothing was written before", replaces(0), live(4, map[secrets.Owner]secrets.Record{own: record(4)}), "has not written it"},
		{"replaced while dead", replaces(3), dead, ""},
		{"moved to a free address", elsewhere, secrets.Entry{}, ""},
		{"moved to an address of this owner", elsewhere, live(3, map[secrets.Owner]secrets.Record{own: record(3)}), "already exists"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := plannedCreate{address: address, importID: "deploy/token", replaces: row.replaces}.refuse(own, row.entry)
			switch {
			case (err != nil) != (row.refused != ""):
				t.Fatalf("refused: %v", err)
			case err != nil && (!errors.Is(err, secrets.ErrNotOwner) || !strings.Contains(err.Error(), row.refused)):
				t.Errorf("the error is %q, want %q", err, row.refused)
			}
		})
	}
}

func TestRenameToForeignSecretDeletesNothing(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("old", `"one"`))
		s.Apply(t)
		renamed := func(lines ...string) string {
			return strings.Replace(s.secret("new", `"one"`, lines...), `"relay_workflow_secret" "new"`, `"relay_workflow_secret" "old"`, 1)
		}
		s.vault.Write(t, s.workflow, "new", "other")
		s.configure(t, renamed())
		s.Fails(t, []string{"apply", "-auto-approve"}, "Secret "+s.workflow+"/new already exists and is unmanaged", "adopt = true")
		if s.value(t, "old") != "one" || s.value(t, "new") != "other" {
			t.Error("a refused rename changed a value")
		}

		t.Log("adopt shows whose secret it takes over")
		s.configure(t, renamed("adopt = true"))
		plan := s.Plan(t)
		plan.Change(at("old")).HasActions(t, "delete", "create")
		terraformtest.Result{Output: plan.Output}.Contains(t, "Secret "+s.workflow+"/new will be taken over", "Version 1 of", "written by another writer")

		t.Log("a prefix where the token must not write")
		s.Write(t, strings.Replace(header, `owner  = "shop"`, "owner  = \"shop\"\n  prefix = \"elsewhere\"", 1)+s.secret("old", `"one"`))
		s.Fails(t, []string{"apply", "-auto-approve"}, "missing capability")
		if s.value(t, "old") != "one" {
			t.Error("a refused move changed a value")
		}
	})
}

func TestReplaceAfterDriftDeletesNothing(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		s.vault.Write(t, s.workflow, "token", "other")
		replace := []string{"apply", "-auto-approve", "-replace=" + at("token")}
		s.Fails(t, replace, "cannot be replaced: version 2 of", "written by another writer", "wrote version 1 last", "apply without -replace")
		if s.value(t, "token") != "other" || s.Attributes(t, at("token")) == nil {
			t.Error("a refused replacement changed the secret or its state")
		}
		later := "\nresource \"terraform_data\" \"name\" {\n  input = \"token\"\n}\n"
		s.configure(t, later, strings.Replace(s.secret("token", `"one"`), `name     = "token"`, "name = terraform_data.name.output", 1))
		s.Fails(t, []string{"plan"}, "Cannot replace after drift")
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		s.Must(t, replace...)
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("adopt replaces it after drift, too")
		s.vault.Write(t, s.workflow, "token", "other")
		s.configure(t, s.secret("token", `"one"`, "adopt = true"))
		s.Must(t, replace...)
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("adopt can be removed without a change")
		s.configure(t, s.secret("token", `"one"`))
		s.NoChanges(t)

		t.Log("the plan of a tainted resource cannot know what it replaces")
		s.Must(t, "taint", at("token"))
		s.Fails(t, []string{"plan"}, "Secret "+s.workflow+"/token already exists", "untaint")
	})
}

func TestPlanOfCreateReportsWhyTheApplyWouldFail(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Setenv("VAULT_TOKEN", "hvs.wrong")
		s.Fails(t, []string{"plan"}, "Cannot create the secret", "permission denied for every path")
		s.Setenv("VAULT_TOKEN", s.token)
		address := closedPort(t)
		s.Setenv("VAULT_ADDR", "http://"+address)
		s.Fails(t, []string{"plan"}, "Cannot create the secret", "connection failed; check address, port and network")
		s.Setenv("VAULT_ADDR", s.proxy.Address)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("plans sent %d values", n)
		}
	})
}
