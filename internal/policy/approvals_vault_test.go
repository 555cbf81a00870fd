// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// approving is a request on approvals that a test tries with the token of a person.
type approving struct {
	// name is the action's row in the guide.
	name, method, operation string
	body                    any
	// controller, source and entity are whose approval the request is on: the ones of the
	// test for own. A "" ends the path, which is then a folder.
	controller, source, entity string
	// from is the condition of the approval before.
	from condition
}

var approve = map[string]any{"custom_metadata": map[string]any{"approve": "plan"}}

const other = "other"

func approvingActions() []approving {
	const list, patch = "LIST", http.MethodPatch
	return []approving{
		{"approve a plan of the source for the first time", http.MethodPost, "metadata", approve, own, own, own, missing},
		{"change the own approval", patch, "metadata", approve, own, own, own, ""},
		{"approve a plan of another source", http.MethodPost, "metadata", approve, own, other, own, missing},
		{"change the own approval of another source", patch, "metadata", approve, own, other, own, ""},
		{"approve a plan of another controller", http.MethodPost, "metadata", approve, other, own, own, missing},
		{"change the own approval of another controller", patch, "metadata", approve, other, own, own, ""},
		{"approve as another person", http.MethodPost, "metadata", approve, own, own, other, missing},
		{"change the approval of another person", patch, "metadata", approve, own, own, other, ""},
		{"replace the metadata of the own approval", http.MethodPost, "metadata", approve, own, own, own, ""},
		{"see the own approval", http.MethodGet, "metadata", nil, own, own, own, ""},
		{"see the approval of another person", http.MethodGet, "metadata", nil, own, own, other, ""},
		{"list the approvals of the source", list, "metadata", nil, own, own, "", ""},
		{"list the approvals of another source", list, "metadata", nil, own, other, "", ""},
		{"list the sources with approvals", list, "metadata", nil, own, "", "", ""},
		{"list the controllers with approvals", list, "metadata", nil, "", "", "", ""},
		{"delete the path of the own approval", http.MethodDelete, "metadata", nil, own, own, own, ""},
		{"delete the path of another person", http.MethodDelete, "metadata", nil, own, own, other, ""},
		{"write a value at an approval", http.MethodPost, "data", value, own, own, own, ""},
	}
}

var (
	approves = []string{"approve a plan of the source for the first time", "change the own approval", "see the own approval"}
	uses     = []string{"change the own approval", "change the approval of another person", "see the own approval",
		"see the approval of another person", "list the approvals of the source"}
	manages = []string{"see the own approval", "see the approval of another person", "list the approvals of the source",
		"list the approvals of another source", "list the sources with approvals", "list the controllers with approvals",
		"delete the path of the own approval", "delete the path of another person"}
)

// approver has policies, and what they allow on approvals. Nothing else is allowed.
type approver struct {
	grants []Grant
	may    []string
}

func approvers() map[string]approver {
	of := []string{own}
	return map[string]approver{
		"viewer":                   {[]Grant{{Role: Viewer}}, nil},
		"operator":                 {[]Grant{{Role: Operator, Undelete: true, Team: "shop"}}, nil},
		"approver":                 {[]Grant{{Role: Approver, Sources: of}}, approves},
		"approver, kept off":       {[]Grant{{Role: Approver, Sources: of, SecretsBy: Administrator}}, approves},
		"approver of every source": {[]Grant{{Role: Approver}}, and(approves, "approve a plan of another source", "change the own approval of another source")},
		"administrator":            {[]Grant{{Role: Administrator}}, nil},
		"full administrator":       {[]Grant{{Role: Administrator, Approvals: true}}, manages},
		"writer":                   {[]Grant{{Role: Writer, Undelete: true, Destroy: true, Settings: true}}, nil},
		"controller":               {[]Grant{{Role: Controller, Sources: of}}, uses},
		"full controller":          {[]Grant{{Role: Controller, Sources: of, Undelete: true, Destroy: true, Settings: true}}, uses},
		"controller of every source": {[]Grant{{Role: Controller}}, and(uses, "change the own approval of another source",
			"list the approvals of another source")},
		"reader": {[]Grant{{Role: Reader, Workflows: named}}, nil},
		"tidy":   {[]Grant{{Role: Tidy}}, nil},
		// Vault takes the rule with the most exact path: the own approval is changed, not deleted.
		"both administrator and approver": {[]Grant{{Role: Administrator, Approvals: true}, {Role: Approver, Sources: of}},
			slices.DeleteFunc(and(approves, manages...), func(name string) bool { return name == "delete the path of the own approval" })},
	}
}

// TestApprovalsOnVault tries every action on approvals with a person of every role.
func TestApprovalsOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for name, g := range approvers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newApprovalWorld(t, v)
			rules := x.policies(t, g.grants)
			token, entity := v.Person(t, rules)
			x.expect(t, token, entity, g.may)
		})
	}
}

// TestApproverNeedsAnEntity shows that Vault grants nothing where it cannot fill in who
// the approver is.
func TestApproverNeedsAnEntity(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	x := newApprovalWorld(t, v)
	token := v.Token(t, x.policies(t, []Grant{{Role: Approver, Sources: []string{own}}}))
	x.expect(t, token, "no-entity", nil)
}

// TestEveryActionOnApprovalsCanSucceed shows that the refusals are Vault's, not mistakes
// in the requests.
func TestEveryActionOnApprovalsCanSucceed(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	x := newApprovalWorld(t, v)
	var all []string
	for _, a := range approvingActions() {
		all = append(all, a.name)
	}
	x.expect(t, v.RootToken, "root", all)
}

// approvalWorld has controllers of the test's own.
type approvalWorld struct {
	vault             *vaulttest.Vault
	controller, other string
}

func newApprovalWorld(t *testing.T, v *vaulttest.Vault) approvalWorld {
	workflow := vaulttest.Workflow(t)
	unique := "c" + workflow[len(workflow)-10:]
	return approvalWorld{v, unique, unique + "-other"}
}

// policies are the rules of grants for the controller and its source.
func (x approvalWorld) policies(t *testing.T, grants []Grant) string {
	t.Helper()
	var rules []string
	for _, grant := range grants {
		if grant.Role.ofSources() {
			grant.Controller = x.controller
		}
		if grant.Sources != nil {
			grant.Sources = []string{"shop"}
		}
		text, err := For(at(grant))
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, text)
	}
	return strings.Join(rules, "\n")
}

// expect tries every action and compares with what is allowed.
func (x approvalWorld) expect(t *testing.T, token, entity string, may []string) {
	t.Helper()
	for _, name := range may {
		if !slices.ContainsFunc(approvingActions(), func(a approving) bool { return a.name == name }) {
			t.Errorf("unknown action %q", name)
		}
	}
	for _, a := range approvingActions() {
		allowed := slices.Contains(may, a.name)
		if status := x.try(t, a, token, entity); (allowed && status/100 != 2) || (!allowed && status != http.StatusForbidden) {
			t.Errorf("%s: status %d, but allowed is %t", a.name, status, allowed)
		}
	}
}

// try prepares the approval for the action and does it; it returns Vault's status.
func (x approvalWorld) try(t *testing.T, a approving, token, entity string) int {
	t.Helper()
	names := map[string]string{own: x.controller, other: x.other}
	sources := map[string]string{own: "shop", other: "platform"}
	people := map[string]string{own: entity, other: "9f2c1a34-5b6d-7e8f-9a0b-1c2d3e4f5a6b"}
	call := func(token, method, path string, body any) int {
		status, _ := x.vault.Call(t, token, method, path, body)
		return status
	}
	for controller := range names {
		for source := range sources {
			for who := range people {
				path := capability.ApprovalPath("customers", names[controller], sources[source], people[who])
				call(x.vault.RootToken, http.MethodDelete, path, nil)
				if a.from != missing && call(x.vault.RootToken, http.MethodPost, path, approve)/100 != 2 {
					t.Fatalf("preparing %s: %s", a.name, path)
				}
			}
		}
	}
	path := "customers/" + a.operation + "/" + capability.ApprovalsRoot + "/"
	for _, segment := range []string{names[a.controller], sources[a.source], people[a.entity]} {
		if segment == "" {
			break
		}
		path += segment + "/"
	}
	if a.entity != "" {
		path = strings.TrimSuffix(path, "/")
	}
	return call(token, a.method, path, a.body)
}
