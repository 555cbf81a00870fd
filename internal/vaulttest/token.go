// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// defaultReaderWorkflow is the workflow of devvault's policy reader.
const defaultReaderWorkflow = "deploy-production"

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// Workflow returns a new, valid workflow name that contains the name of the test, so that
// tests can run in parallel on one Vault.
func Workflow(t testing.TB) string {
	t.Helper()
	name := notInName.ReplaceAllString(strings.ToLower(t.Name()), "-")
	if len(name) > 60 {
		name = name[:60]
	}
	return name + "-" + strings.ToLower(rand.Text()[:10])
}

// Writer returns a new token that may write every workflow and read no value.
func (v *Vault) Writer(t testing.TB) string {
	t.Helper()
	return v.token(t, "writer")
}

// WriterWithout is Writer without one capability on one operation, such as "patch"
// on "metadata" or "update" on "destroy".
func (v *Vault) WriterWithout(t testing.TB, operation, capability string) string {
	t.Helper()
	rules, ok := withoutCapability(v.policy(t, "writer"), operation, capability)
	if !ok {
		t.Fatalf("the policy writer has no %q on %q", capability, operation)
	}
	return v.Token(t, rules)
}

// Reader returns a new token that may read the secrets of one workflow.
func (v *Vault) Reader(t testing.TB, workflow string) string {
	t.Helper()
	rules := strings.ReplaceAll(v.policy(t, "reader"), "/"+defaultReaderWorkflow+"/", "/"+workflow+"/")
	if !strings.Contains(rules, "/"+workflow+"/") {
		t.Fatal("the policy reader is not for devvault's default workflow")
	}
	return v.Token(t, rules)
}

// Token returns a new token with a policy of these rules, in HCL, and
// Vault's policy default.
func (v *Vault) Token(t testing.TB, rules ...string) string {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	v.WritePolicy(t, name, strings.Join(rules, "\n"))
	return v.token(t, name)
}

// WritePolicy writes a named policy, for auth roles to refer to.
func (v *Vault) WritePolicy(t testing.TB, name, rules string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPut, "sys/policies/acl/"+url.PathEscape(name), map[string]any{"policy": rules})
}

func (v *Vault) policy(t testing.TB, name string) string {
	t.Helper()
	return text(t, v.must(t, v.RootToken, http.MethodGet, "sys/policies/acl/"+name, nil), "data", "policy")
}

func (v *Vault) token(t testing.TB, policy string) string {
	t.Helper()
	answer := v.must(t, v.RootToken, http.MethodPost, "auth/token/create", map[string]any{"policies": []string{policy}})
	return text(t, answer, "auth", "client_token")
}

// withoutCapability removes one capability from the rules of a policy with one rule per
// line; ok reports whether the rules had it.
func withoutCapability(rules, operation, capability string) (changed string, ok bool) {
	lines := strings.Split(rules, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, `path "customers/`+operation+`/`) || !strings.Contains(line, `"`+capability+`"`) {
			continue
		}
		head, list, _ := strings.Cut(line, "[")
		list, tail, _ := strings.Cut(list, "]")
		kept := []string{}
		for _, c := range strings.Split(list, ", ") {
			if c != `"`+capability+`"` {
				kept = append(kept, c)
			}
		}
		lines[i] = head + "[" + strings.Join(kept, ", ") + "]" + tail
		ok = true
	}
	return strings.Join(lines, "\n"), ok
}
