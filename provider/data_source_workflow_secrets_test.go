// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const auditAddress = "data.relay_workflow_secrets.audit"

// audit is a fixture with the data source for the workflow of another fixture, and a
// token with the policy of the documentation.
func (s *fixture) audit(t *testing.T, cli terraformtest.CLI, extra ...string) *fixture {
	t.Helper()
	a := newFixture(t, cli.Raced())
	a.Setenv("VAULT_TOKEN", s.vault.Token(t,
		`path "customers/metadata/workflows/+/" { capabilities = ["list"] }`,
		`path "customers/metadata/workflows/+/+" { capabilities = ["read"] }`))
	a.configure(t, append(extra, fmt.Sprintf("\ndata \"relay_workflow_secrets\" \"audit\" {\n  workflow = %q\n}\n", s.workflow))...)
	return a
}

// audited returns the metadata of each secret.
func (s *fixture) audited(t *testing.T) map[string]map[string]any {
	t.Helper()
	s.Apply(t)
	found, _ := s.Attributes(t, auditAddress)["secrets"].(map[string]any)
	out := map[string]map[string]any{}
	for name, secret := range found {
		out[name] = secret.(map[string]any)
	}
	return out
}

// made returns the creation time of a version.
func (s *fixture) made(t *testing.T, name string, version int) string {
	t.Helper()
	return s.moment(t, name, version, "created_time").Format(time.RFC3339Nano)
}

func (s *fixture) moment(t *testing.T, name string, version int, field string) time.Time {
	t.Helper()
	versions := s.vault.Metadata(t, s.workflow, name)["versions"].(map[string]any)
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(versions[fmt.Sprint(version)].(map[string]any)[field]))
	if err != nil {
		t.Fatalf("%s: version %d has no %s: %v", name, version, field, err)
	}
	return at
}

const gitops = "gitops/cluster-1/platform"

// surveyRevision is the commit in the record of the secret "foreign".
var surveyRevision = strings.Repeat("ab", 20)

// writeSurvey writes secrets of every kind: "own" is a value of this configuration,
// "other" a value of another writer.
func (s *fixture) writeSurvey(t *testing.T, own, other string) {
	t.Helper()
	s.Setenv("TF_VAR_value", own)
	blocks := []string{"\nvariable \"value\" {\n  ephemeral = true\n}\n"}
	for _, name := range []string{"in sync", "overwritten", "deleted", "destroyed", "released"} {
		blocks = append(blocks, strings.Replace(s.secret(name, "var.value"), `" "`+name+`" {`, `" "`+strings.ReplaceAll(name, " ", "_")+`" {`, 1))
	}
	s.configure(t, blocks...)
	s.Apply(t)
	s.configure(t, blocks[:len(blocks)-1]...) // deletes "released"
	s.Apply(t)

	s.vault.Write(t, s.workflow, "overwritten", other)
	s.vault.SoftDelete(t, s.workflow, "deleted")
	s.vault.Destroy(t, s.workflow, "destroyed", 1)
	s.vault.Write(t, s.workflow, "invalid'name", other)
	s.vault.Write(t, s.workflow, "folder/below", other)
	s.vault.Write(t, s.workflow, "unmanaged", other)
	s.vault.Write(t, s.workflow, "hostile", other)
	s.vault.PatchCustomMetadata(t, s.workflow, "hostile", map[string]any{
		"relay." + gitops: s.recordOf(t, "hostile", 1) + " origin=%FF%1B", "relay.person/ada": "no record",
	})
	for range 2 {
		s.vault.Write(t, s.workflow, "foreign", other)
	}
	s.vault.PatchCustomMetadata(t, s.workflow, "foreign", map[string]any{
		"relay." + gitops: s.recordOf(t, "foreign", 2) + " revision=" + surveyRevision + " origin=secrets%2Fdeploy.yaml",
	})
	for name, life := range map[string]time.Duration{"expired": time.Second, "expiring": time.Hour} {
		s.vault.Write(t, s.workflow, name, other)
		s.vault.SetDeleteVersionAfter(t, s.workflow, name, life)
		s.vault.Write(t, s.workflow, name, other)
		end := s.moment(t, name, 2, "deletion_time").Format(time.RFC3339Nano)
		s.vault.PatchCustomMetadata(t, s.workflow, name, map[string]any{"relay." + gitops: s.recordOf(t, name, 2) + " expires=" + end})
	}
}

// surveyRow is the metadata of the current version, with a record of an owner for the
// recorded version; 0 for no record.
func (s *fixture) surveyRow(t *testing.T, name string, version int, drift, owner string, recorded int, more map[string]any) map[string]any {
	t.Helper()
	out := map[string]any{
		"version": float64(version), "created_time": s.made(t, name, version), "drift": drift, "owner": nil, "last_owner": nil,
		"recorded_version": nil, "recorded_time": nil, "origin": nil, "revision": nil, "deleted": false, "deleted_time": nil, "expires_at": nil,
	}
	if recorded > 0 {
		out["last_owner"], out["recorded_version"], out["recorded_time"] = owner, float64(recorded), s.made(t, name, recorded)
	}
	if recorded == version {
		out["owner"] = owner
	}
	maps.Copy(out, more)
	return out
}

// survey is what the data source returns for the secrets of writeSurvey.
func (s *fixture) survey(t *testing.T) map[string]map[string]any {
	t.Helper()
	ended := func(name string, version int) (map[string]any, string) {
		at := s.moment(t, name, version, "deletion_time")
		return map[string]any{"deleted": true, "deleted_time": at.Format(time.RFC3339Nano)}, at.Format(time.RFC3339)
	}
	deleted, deletedAt := ended("deleted", 1)
	expired, expiredAt := ended("expired", 2)
	released, _ := ended("released", 1)
	const shop = "terraform/shop"
	row := func(name string, version int, drift, owner string, recorded int, more map[string]any) map[string]any {
		return s.surveyRow(t, name, version, drift, owner, recorded, more)
	}
	return map[string]map[string]any{
		"in sync": row("in sync", 1, "in sync", shop, 1, nil),
		"overwritten": row("overwritten", 2, "overwritten: version 2 at "+s.moment(t, "overwritten", 2, "created_time").Format(time.RFC3339)+
			", last written 1", shop, 1, nil),
		"deleted":   row("deleted", 1, "deleted at "+deletedAt, shop, 1, deleted),
		"destroyed": row("destroyed", 1, "destroyed", shop, 1, map[string]any{"deleted": true}),
		"released":  row("released", 1, "absent", "", 0, released),
		"unmanaged": row("unmanaged", 1, "unmanaged", "", 0, nil),
		"hostile":   row("hostile", 1, "in sync", gitops, 1, map[string]any{"origin": "\uFFFD\x1b"}),
		"foreign": row("foreign", 2, "in sync", gitops, 2, map[string]any{
			"origin": "secrets/deploy.yaml", "revision": surveyRevision,
		}),
		"expired": row("expired", 2, "expired at "+expiredAt, gitops, 2, expired),
		"expiring": row("expiring", 2, "in sync", gitops, 2, map[string]any{
			"expires_at": s.moment(t, "expiring", 2, "deletion_time").Format(time.RFC3339Nano),
		}),
	}
}

func TestWorkflowSecretsDataSourceReadsOwnersAndDrift(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		own, other := vaulttest.Canary(t), vaulttest.Canary(t)
		s.writeSurvey(t, own, other)
		a := s.audit(t, cli)
		got := a.audited(t)
		for deadline := time.Now().Add(30 * time.Second); got["expired"]["deleted"] != true; got = a.audited(t) {
			if time.Now().After(deadline) {
				t.Fatalf("the secret does not expire: %v", got["expired"])
			}
		}
		if diff := cmp.Diff(s.survey(t), got); diff != "" {
			t.Errorf("the data source returns: want (-), got (+):\n%s", diff)
		}
		entry := "workflows/" + s.workflow
		invalid := []any{
			map[string]any{"name": `"folder/"`, "cause": "it is a folder", "command": "vault kv list -mount=customers " + entry + "/folder/"},
			map[string]any{
				"name": `"invalid'name"`, "cause": `it contains '\'' (U+0027); letters, digits and _ . @ - and the space are allowed`,
				"command": `vault kv metadata delete -mount=customers '` + entry + `/invalid'\''name'`,
			},
		}
		if diff := cmp.Diff(invalid, a.Attributes(t, auditAddress)["invalid_names"]); diff != "" {
			t.Errorf("an audit leaves out what steps can read: want (-), got (+):\n%s", diff)
		}
		a.NoChanges(t)
		if n := a.dataWrites(t); n != 0 {
			t.Errorf("the data source sent %d values", n)
		}

		t.Log("state and plan contain no values")
		state, err := os.ReadFile(filepath.Join(a.Dir, "terraform.tfstate"))
		if err != nil {
			t.Fatal(err)
		}
		outputs := map[string][]byte{"the state": state, "the plan": []byte(a.Must(t, "plan").Output)}
		vaulttest.AssertNoCanary(t, own, outputs)
		vaulttest.AssertNoCanary(t, other, outputs)
	})
}

func TestWorkflowSecretsDataSourceWithoutSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		a := newFixture(t, cli).audit(t, cli, "\noutput \"names\" {\n  value = keys(data.relay_workflow_secrets.audit.secrets)\n}\n")
		a.Apply(t)
		if got := strings.TrimSpace(a.Must(t, "output", "-json", "names").Output); got != "[]" {
			t.Errorf("names are %s", got)
		}
	})
}

func TestWorkflowSecretsDataSourceFailsWithoutCapabilities(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.vault.Write(t, s.workflow, "seen", "x")
		s.vault.Write(t, s.workflow, "unseen", "x")
		a := s.audit(t, cli)
		a.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "list"))
		a.Fails(t, []string{"plan"}, "Cannot read the secrets of the workflow", `path "customers/metadata/workflows/`+s.workflow+`/" { capabilities = ["list"] }`)
		a.Setenv("VAULT_TOKEN", s.vault.Token(t, `path "customers/metadata/workflows/`+s.workflow+`/" { capabilities = ["list"] }`,
			`path "customers/metadata/workflows/`+s.workflow+`/seen" { capabilities = ["read"] }`))
		a.Fails(t, []string{"plan"}, `path "customers/metadata/workflows/`+s.workflow+`/+" { capabilities = ["read"] }`)
		a.Setenv("VAULT_TOKEN", "no-such-token")
		a.Fails(t, []string{"plan"}, "Cannot read the secrets of the workflow", "get a new one")

		t.Log("a name that is a path is refused")
		a.configure(t, "\ndata \"relay_workflow_secrets\" \"audit\" {\n  workflow = \"../../x\"\n}\n")
		a.Fails(t, []string{"validate"}, `it begins with '.'`)
	})
}

func TestWorkflowSecretsDataSourceWaitsForUnknownSettings(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.vault.Write(t, s.workflow, "token", "x")
		a := s.audit(t, cli)
		configure := func(depends string) {
			later := "\nresource \"terraform_data\" \"address\" {\n  input = \"" + a.proxy.Address + "\"\n}\n"
			connected := strings.Replace(header, `owner `, "address = terraform_data.address.output\n  owner ", 1)
			a.Write(t, later+connected+fmt.Sprintf("\ndata \"relay_workflow_secrets\" \"audit\" {\n  workflow = %q\n  %s\n}\n", s.workflow, depends))
		}
		configure("")
		a.Fails(t, []string{"plan"}, "The provider's address is known only during the apply", "depends_on")
		configure("depends_on = [terraform_data.address]")
		if got := a.audited(t); got["token"]["drift"] != "unmanaged" {
			t.Errorf("the audit during the apply: %v", got)
		}
	})
}

func TestWorkflowSecretsDataSourceExample(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Write(t, strings.ReplaceAll(readExample(t, "relay_workflow_secrets"), "deploy-production", s.workflow))
		if result := s.Apply(t); strings.Contains(result.Output, "Warning: Check block") {
			t.Errorf("the check fails without secrets:\n%s", result.Output)
		}
		s.vault.Write(t, s.workflow, "token", "x")
		s.Apply(t).Contains(t, "Drift: token (unmanaged)")
		s.Must(t, "output", "-json", "owners").Contains(t, `"token":{"drift":"unmanaged","owner":null,"since":"20`)
	})
}
