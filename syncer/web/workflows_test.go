// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// The daemon knows workflows that have no secret in Vault yet. Who may view them finds them in the list,
// whichever kind of rule permits it, and Vault is not asked about each of the others.
func TestListHasTheDaemonsWorkflowsThatRulesPermit(t *testing.T) {
	t.Parallel()
	workflow, other := vaulttest.Workflow(t), "other-"+vaulttest.Workflow(t)
	w := newWorld(t, daemonOf("shop", workflow, other).serve(t))
	for name, rules := range map[string]string{
		"the name":   w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{workflow} }),
		"its prefix": `path "customers/metadata/workflows/` + workflow[:len(workflow)-1] + `*" { capabilities = ["read", "list"] }`,
	} {
		b := w.logIn(t, rules)
		w.proxy.Reset()
		r := b.get("/workflows")
		if r.status != http.StatusOK || !strings.Contains(r.body, ">"+workflow+"<") || strings.Contains(r.body, other) {
			t.Errorf("%s: %d\n%s", name, r.status, r.main())
		}
		if slices.ContainsFunc(w.proxy.Requests(), func(sent vaulttest.Request) bool { return strings.Contains(string(sent.Body), other) }) {
			t.Errorf("%s: Vault was asked about a workflow of others", name)
		}
	}
	every := `path "customers/metadata/workflows/+/" { capabilities = ["list"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read"] }`
	for name, rules := range map[string]string{
		"every workflow": every,
		"no rules shown": every + "\n" + `path "sys/internal/ui/resultant-acl" { capabilities = ["deny"] }`,
	} {
		if r := w.logIn(t, rules).get("/workflows"); !strings.Contains(r.body, ">"+workflow+"<") || !strings.Contains(r.body, ">"+other+"<") {
			t.Errorf("%s: %d\n%s", name, r.status, r.main())
		}
	}
}
