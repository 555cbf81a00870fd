// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// knowsIdentities reports whether the CLI is Terraform or OpenTofu 1.12 or later.
func (s *fixture) knowsIdentities(t *testing.T) bool {
	t.Helper()
	var host struct {
		Version string `json:"terraform_version"`
	}
	text := s.Must(t, "version", "-json").Output
	if err := json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &host); err != nil {
		t.Fatalf("reading the version of the host: %v\n%s", err, text)
	}
	minor, err := strconv.Atoi(strings.Split(host.Version, ".")[1])
	if err != nil {
		t.Fatalf("version %q of the host: %v", host.Version, err)
	}
	return minor >= 12
}

// identity returns the identity in the state file; nil for none.
func (s *fixture) identity(t *testing.T) map[string]any {
	t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Identity map[string]any `json:"identity"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(s.file(t, filepath.Join(s.Dir, "terraform.tfstate")), &state); err != nil {
		t.Fatal(err)
	}
	return state.Resources[0].Instances[0].Identity
}

func TestImportBlocksNameASecretByIDOrIdentity(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		block := func(by string) string {
			return "\nimport {\n  to = relay_workflow_secret.token\n  " + by + "\n}\n"
		}
		byIdentity := func(more string) string {
			return block(fmt.Sprintf("identity = {\n    workflow = %q\n    name = \"token\"\n%s  }", s.workflow, more))
		}
		blocks := []string{block(fmt.Sprintf("id = %q", s.workflow+"/token"))}
		want := map[string]any(nil)
		modern := s.knowsIdentities(t)
		if modern {
			want = map[string]any{"namespace": nil, "mount": "customers", "prefix": "workflows", "workflow": s.workflow, "name": "token"}
			blocks = append(blocks, byIdentity(""), byIdentity("    mount = \"customers\"\n    prefix = \"workflows\"\n"))
		}
		s.configure(t, s.secret("token", `"one"`, `custom_metadata = { team = "shop" }`, `max_versions = 5`))
		s.Apply(t)
		if diff := cmp.Diff(want, s.identity(t)); diff != "" {
			t.Errorf("the identity after a create: %s", diff)
		}
		for i, imported := range blocks {
			s.Must(t, "state", "rm", at("token"))
			s.dataWrites(t)
			s.configure(t, s.secret("token", `"one"`, `custom_metadata = { team = "shop" }`, `max_versions = 5`), imported)
			s.Apply(t).Contains(t, "1 imported")
			if n := s.dataWrites(t); n != 1 {
				t.Errorf("%d values were sent, want 1: an import has no baseline", n)
			}
			s.attributes(t, "token", map[string]any{"version": float64(i + 2), "drift": "in sync"})
			if diff := cmp.Diff(want, s.identity(t)); diff != "" {
				t.Errorf("the identity after an import: %s", diff)
			}
			s.NoChanges(t)
		}
		if !modern {
			return
		}
		s.Must(t, "state", "rm", at("token"))
		s.configure(t, s.secret("token", `"one"`), byIdentity("    mount = \"elsewhere\"\n"))
		s.Fails(t, []string{"plan"}, `The mount in the identity is "elsewhere", and the provider's mount is "customers"`)
	})
}
