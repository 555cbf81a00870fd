// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// TestStateOfVersion0IsSupported uses testdata/state-v0 as the state: a state of schema
// version 0, with placeholders for what differs in every run.
func TestStateOfVersion0IsSupported(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		s.Apply(t)
		s.dataWrites(t)
		file := filepath.Join(s.Dir, "terraform.tfstate")
		var now struct {
			Lineage   string `json:"lineage"`
			Resources []struct {
				Provider string `json:"provider"`
			} `json:"resources"`
		}
		if err := json.Unmarshal(s.file(t, file), &now); err != nil {
			t.Fatal(err)
		}
		created := fmt.Sprint(s.Attributes(t, at("token"))["created_time"])
		inner := strings.ReplaceAll(string(bytes.TrimSpace(s.file(t, "testdata/state-v0/private.json"))), "CREATED", created)
		private, err := json.Marshal(map[string][]byte{"state": []byte(inner)})
		if err != nil {
			t.Fatal(err)
		}
		provider, err := json.Marshal(now.Resources[0].Provider)
		if err != nil {
			t.Fatal(err)
		}
		old := strings.NewReplacer(
			"LINEAGE", now.Lineage, "PROVIDER", strings.Trim(string(provider), `"`), "WORKFLOW", s.workflow,
			"CREATED", created, "PRIVATE", base64.StdEncoding.EncodeToString(private),
		).Replace(string(s.file(t, "testdata/state-v0/terraform.tfstate")))
		if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}

		s.NoChanges(t)
		t.Log("drift is judged from the private state")
		s.vault.Write(t, s.workflow, "token", "other")
		s.Plan(t).Change(at("token")).Changes(t, "drift", "overwritten: version 2", "in sync")
		s.Apply(t)
		t.Log("new arguments can be set")
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`, `max_versions = 5`, `timeouts = { update = "1m" }`))
		s.Apply(t)
		s.attributes(t, "token", map[string]any{"version": 4.0, "max_versions": 5.0, "drift": "in sync"})
		s.NoChanges(t)
		if n := s.dataWrites(t); n != 2 {
			t.Errorf("%d values were sent, want 2", n)
		}
	})
}
