// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestTokenThatCanReadValuesIsReported(t *testing.T) {
	t.Parallel()
	const (
		writes = `path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }`
		refuses = "the provider's require_write_only is \"error\""
	)
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		rule := fmt.Sprintf(`path "customers/data/workflows/%s/+" { capabilities = ["create", "update"] }`, s.workflow)
		reader := s.vault.Token(t, strings.Replace(writes, `"update"`, `"update", "read"`, 1))
		configure := func(mode, version string) {
			t.Helper()
			var blocks []string
			for _, name := range []string{"one", "two", "three"} {
				blocks = append(blocks, s.secret(name, `"x"`, `value_wo_version = "`+version+`"`))
			}
			s.Write(t, strings.Replace(header, "  owner  =", mode+"\n  owner  =", 1)+strings.Join(blocks, ""))
		}
		warnings := func(r terraformtest.Result) int {
			return strings.Count(strings.Join(strings.Fields(r.Output), " "), "Warning: Vault client warning")
		}

		t.Log("the default is one warning per run, also in the plan")
		for token, want := range map[string]string{reader: `remove "read" from its policy`, s.vault.RootToken: "root token"} {
			s.Setenv("VAULT_TOKEN", token)
			configure("", want[:1])
			result := s.Apply(t)
			result.Contains(t, want, rule)
			if n := warnings(result); n != 1 {
				t.Errorf("%d warnings in one apply:\n%s", n, result.Output)
			}
			result = s.Must(t, "plan")
			result.Contains(t, want, rule)
			if n := warnings(result); n != 1 {
				t.Errorf("%d warnings in one plan:\n%s", n, result.Output)
			}
			s.Destroy(t)
		}

		t.Log("with \"error\" nothing is written")
		configure(`  require_write_only = "error"`, "1")
		s.Setenv("VAULT_TOKEN", reader)
		s.dataWrites(t)
		s.Fails(t, []string{"apply", "-auto-approve"}, `remove "read" from its policy`, rule, refuses)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were written", n)
		}

		t.Log("a token that cannot read values gets no warning")
		s.Setenv("VAULT_TOKEN", s.token)
		if n := warnings(s.Apply(t)); n != 0 {
			t.Errorf("%d warnings for a token that cannot read values", n)
		}
		s.Setenv("VAULT_TOKEN", reader)
		s.Fails(t, []string{"plan"}, `remove "read" from its policy`, refuses)
	})
}

func TestRequireWriteOnlyOffSendsNoCapabilityRequests(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Setenv("VAULT_TOKEN", s.vault.RootToken)
		s.Write(t, strings.Replace(header, "  owner  =", "  require_write_only = \"off\"\n  owner  =", 1)+s.secret("one", `"x"`))
		s.Apply(t)
		s.proxy.Reset()
		if result := s.Must(t, "plan"); strings.Contains(result.Output, "Warning: Vault client warning") {
			t.Errorf("a warning:\n%s", result.Output)
		}
		for _, r := range s.proxy.Requests() {
			if strings.HasSuffix(r.Path, "capabilities-self") {
				t.Error("a capability request was sent")
			}
		}
	})
}
