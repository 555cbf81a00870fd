// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// at adds what every grant requires.
func at(g Grant) Grant {
	g.Mount, g.Prefix = "customers", "workflows"
	if g.Role.ofSources() && g.Controller == "" {
		g.Controller = "cluster-1"
	}
	return g
}

func TestFor(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]Grant{
		"writer":         at(Grant{Role: Writer}),
		"writer-full":    at(Grant{Role: Writer, Undelete: true, Destroy: true, Settings: true, ConnectionsDomain: "relay"}),
		"writer-named":   at(Grant{Role: Writer, Workflows: []string{"nightly-report", "deploy-production", "nightly-report"}, Destroy: true}),
		"reader":         at(Grant{Role: Reader, Workflows: []string{"deploy-production"}}),
		"viewer":         at(Grant{Role: Viewer}),
		"operator":       at(Grant{Role: Operator, ConnectionsDomain: "relay"}),
		"administrator":  at(Grant{Role: Administrator, Workflows: []string{"deploy-production"}, ConnectionsDomain: "relay"}),
		"team":           at(Grant{Role: Operator, Workflows: []string{"deploy-production"}, Team: "shop", Undelete: true}),
		"reserved":       at(Grant{Role: Approver, Workflows: []string{"deploy-production"}, SecretsBy: Administrator}),
		"beginnings":     at(Grant{Role: Approver, Workflows: []string{"nightly"}, WorkflowPrefixes: []string{"deploy-", "build."}}),
		"tenant":         at(Grant{Role: Reader, Identity: Identity{Accessor: "auth_jwt_1a2b", Workflow: "tenant_id", Domain: "domain_id"}}),
		"approver":       at(Grant{Role: Approver, Workflows: []string{"deploy-production"}, Sources: []string{"shop", "platform", "shop"}}),
		"controller":     at(Grant{Role: Controller, Workflows: []string{"deploy-production"}, Sources: []string{"shop"}, Undelete: true}),
		"controller-all": at(Grant{Role: Controller}),
		"approvals":      at(Grant{Role: Administrator, Workflows: []string{"deploy-production"}, Approvals: true}),
		"reader-strange": {Role: Reader, Mount: "team/kv", Prefix: "a/b", Workflows: []string{"é@x", "b. c", "_-"}},
	} {
		got, err := For(g)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden := filepath.Join("testdata", name+".hcl")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: golden (-), got (+):\n%s", name, diff)
		}
	}
}

func TestForDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	names := []string{"c", "a", "b"}
	one, err1 := For(at(Grant{Role: Reader, Workflows: names}))
	two, err2 := For(at(Grant{Role: Reader, Workflows: []string{"b", "c", "a", "b"}}))
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("two orders give two policies (%v, %v):\n%s\n%s", err1, err2, one, two)
	}
	if !slices.Equal(names, []string{"c", "a", "b"}) {
		t.Errorf("the caller's list was sorted: %v", names)
	}
}

func TestForRejectsUnclearOrUnsafeGrants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grant Grant
		want  []string
	}{
		"no role":                  {at(Grant{}), []string{"role is required"}},
		"an unknown role":          {at(Grant{Role: 99}), []string{"role is required"}},
		"reader of all":            {at(Grant{Role: Reader}), []string{"needs the names of its workflows"}},
		"an empty list":            {at(Grant{Role: Writer, Workflows: []string{}}), []string{"the list of workflows is empty"}},
		"an empty list, reader":    {at(Grant{Role: Reader, Workflows: []string{}}), []string{"the list of workflows is empty"}},
		"reader that undeletes":    {at(Grant{Role: Reader, Workflows: []string{"w"}, Undelete: true}), []string{"a reader writes nothing"}},
		"reader that destroys":     {at(Grant{Role: Reader, Workflows: []string{"w"}, Destroy: true}), []string{"a reader writes nothing"}},
		"every workflow by +":      {at(Grant{Role: Reader, Workflows: []string{"+"}}), []string{`'+' (U+002B)`}},
		"more workflows by *":      {at(Grant{Role: Reader, Workflows: []string{"deploy*"}}), []string{`'*' (U+002A)`}},
		"a template":               {at(Grant{Role: Writer, Workflows: []string{"{{identity.entity.id}}"}}), []string{`'{' (U+007B)`}},
		"a deeper path":            {at(Grant{Role: Writer, Workflows: []string{"a/b"}}), []string{`'/' (U+002F)`}},
		"the folder above":         {at(Grant{Role: Writer, Workflows: []string{".."}}), []string{`begins with '.'`}},
		"the end of the text":      {at(Grant{Role: Writer, Workflows: []string{`w" { capabilities = ["read"] }`}}), []string{`'"' (U+0022)`}},
		"the end of the comment":   {at(Grant{Role: Writer, Workflows: []string{"w\npath"}}), []string{"U+000A"}},
		"no name":                  {at(Grant{Role: Writer, Workflows: []string{""}}), []string{"it is empty"}},
		"mount and prefix open":    {Grant{Role: Writer, Mount: "+", Prefix: "a/*"}, []string{`mount "+"`, `prefix "a/*"`}},
		"no mount and no prefix":   {Grant{Role: Writer}, []string{`mount ""`, `prefix ""`}},
		"a beginning that is none": {at(Grant{Role: Operator, WorkflowPrefixes: []string{"deploy-*"}}), []string{`'*' (U+002A)`}},
		"no beginnings":            {at(Grant{Role: Operator, WorkflowPrefixes: []string{}}), []string{"the list of workflow prefixes is empty"}},
		"every beginning":          {at(Grant{Role: Operator, WorkflowPrefixes: []string{""}}), []string{"it is empty"}},
		"reader of many":           {at(Grant{Role: Reader, WorkflowPrefixes: []string{"deploy-"}}), []string{"named one by one"}},
		"named and identified":     {at(Grant{Role: Reader, Workflows: []string{"w"}, Identity: Identity{Accessor: "a", Workflow: "k"}}), []string{"an identity names them too"}},
		"two domains":              {at(Grant{Role: Reader, ConnectionsDomain: "d", Identity: Identity{Accessor: "a", Workflow: "k", Domain: "d"}}), []string{"an identity names it too"}},
		"every domain":             {at(Grant{Role: Writer, ConnectionsDomain: "+"}), []string{`'+' (U+002B)`}},
		"no accessor":              {at(Grant{Role: Reader, Identity: Identity{Workflow: "k"}}), []string{"the accessor"}},
		"no key":                   {at(Grant{Role: Reader, Identity: Identity{Accessor: "a"}}), []string{"the metadata key of the workflow"}},
		"a key that ends it":       {at(Grant{Role: Reader, Identity: Identity{Accessor: "a", Workflow: "k}}/+"}}), []string{"the metadata key of the workflow"}},
		"a domain that ends it":    {at(Grant{Role: Reader, Identity: Identity{Accessor: "a", Workflow: "k", Domain: "{{"}}), []string{"the metadata key of the domain"}},
		"viewer with a team":       {at(Grant{Role: Viewer, Team: "shop"}), []string{"a team is for people who write secrets"}},
		"writer with a team":       {at(Grant{Role: Writer, Team: "shop"}), []string{"a team is for people who write secrets"}},
		"reserved, with a team":    {at(Grant{Role: Operator, SecretsBy: Administrator, Team: "shop"}), []string{"a team is for people who write secrets"}},
		"every team":               {at(Grant{Role: Operator, Team: "+"}), []string{`owner id "+"`}},
		"viewer that undeletes":    {at(Grant{Role: Viewer, Undelete: true}), []string{"undelete is for a role that writes secrets"}},
		"operator that destroys":   {at(Grant{Role: Operator, Destroy: true}), []string{"only an administrator has these rights"}},
		"a person's option":        {at(Grant{Role: Writer, SecretsBy: Administrator}), []string{"makes no difference"}},
		"secrets by viewers":       {at(Grant{Role: Operator, SecretsBy: Viewer}), []string{"operator, approver or administrator"}},
		"an operator that purges":  {at(Grant{Role: Operator, Destroy: true}), []string{"only an administrator has these rights"}},
		"a reader that configures": {at(Grant{Role: Reader, Workflows: []string{"w"}, Settings: true}), []string{"a reader writes nothing"}},
		"no controller":            {Grant{Role: Approver, Mount: "m", Prefix: "p"}, []string{"the controller is required for this role"}},
		"a controller of nothing":  {Grant{Role: Controller, Mount: "m", Prefix: "p", Sources: []string{"shop"}}, []string{"the controller is required for this role"}},
		"operator that approves":   {at(Grant{Role: Operator, Controller: "cluster-1"}), []string{"are for an approver or a controller"}},
		"writer with a source":     {at(Grant{Role: Writer, Sources: []string{"shop"}}), []string{"are for an approver or a controller"}},
		"administrator approves":   {at(Grant{Role: Administrator, Controller: "cluster-1", Approvals: true}), []string{"are for an approver or a controller"}},
		"no sources":               {at(Grant{Role: Approver, Sources: []string{}}), []string{"the list of sources is empty"}},
		"every source":             {at(Grant{Role: Approver, Sources: []string{"+"}}), []string{`owner id "+"`}},
		"sources by *":             {at(Grant{Role: Controller, Sources: []string{"shop*", "..", "a/b", "{{x}}"}}), []string{`"shop*"`, `source name ".."`, `"a/b"`, `"{{x}}"`}},
		"every controller":         {at(Grant{Role: Approver, Controller: "+"}), []string{`owner id "+"`}},
		"the folder of teams":      {at(Grant{Role: Approver, Controller: "teams"}), []string{"the folder of teams"}},
		"approver that manages":    {at(Grant{Role: Approver, Approvals: true}), []string{"approvals is for an administrator"}},
		"workflows of approvals":   {Grant{Role: Writer, Mount: "m", Prefix: "relay-sync/cluster-1"}, []string{`"relay-sync" is reserved`}},
		"workflows of connections": {Grant{Role: Writer, Mount: "m", Prefix: "connections"}, []string{`"connections" is reserved`}},
		"all problems, once":       {Grant{Role: Reader, Mount: "m", Prefix: "+", Workflows: []string{"*", "+"}, Destroy: true}, []string{`"+"`, `"*"`, "writes nothing", "prefix"}},
	} {
		text, err := For(c.grant)
		if err == nil || text != "" {
			t.Errorf("%s: it is granted:\n%s", name, text)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not contain %q: %v", name, want, err)
			}
		}
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for _, name := range RoleNames() {
		if role, err := ParseRole(name); err != nil || role.String() != name {
			t.Errorf("%s: %v, %v", name, role, err)
		}
	}
	for _, wrong := range []string{"", "Writer", "root"} {
		if _, err := ParseRole(wrong); err == nil || !strings.Contains(err.Error(), "viewer, operator, approver, administrator, writer, controller, reader, tidy") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestJSONGrantsTheSame(t *testing.T) {
	t.Parallel()
	for _, g := range []Grant{
		{Role: Writer, Destroy: true},
		{Role: Administrator, Workflows: []string{"é@x", "b. c"}, ConnectionsDomain: "relay"},
		{Role: Operator, WorkflowPrefixes: []string{"deploy-"}},
		{Role: Reader, Identity: Identity{Accessor: "auth_jwt_1a2b", Workflow: "tenant_id"}},
	} {
		text, err := For(at(g))
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := JSON(at(g))
		if err != nil {
			t.Fatal(err)
		}
		var rules struct {
			Path map[string]struct{ Capabilities []string }
		}
		if err := json.Unmarshal([]byte(encoded), &rules); err != nil {
			t.Fatal(err)
		}
		granted := map[string][]string{}
		for path, rule := range rules.Path {
			slices.Sort(rule.Capabilities)
			granted[path] = rule.Capabilities
		}
		if diff := cmp.Diff(meaning(t, text), granted); diff != "" {
			t.Errorf("HCL (-), JSON (+):\n%s", diff)
		}
	}
	if text, err := JSON(at(Grant{Role: Reader})); err == nil || text != "" {
		t.Errorf("JSON grants what For refuses: %s", text)
	}
}

// TestHigherRolesIncludeLowerRoles shows that each of Relay's roles contains the rights
// on secrets of the one before it, and that none of them opens a value. Only an approver
// approves.
func TestHigherRolesIncludeLowerRoles(t *testing.T) {
	t.Parallel()
	below := map[string][]string{}
	for role := Viewer; role <= Administrator; role++ {
		text, err := For(at(Grant{Role: role, ConnectionsDomain: "relay"}))
		if err != nil {
			t.Fatal(err)
		}
		granted := meaning(t, text)
		for path, capabilities := range below {
			for _, capability := range capabilities {
				if !slices.Contains(granted[path], capability) {
					t.Errorf("%s does not have %s on %s, which the role below has", role, capability, path)
				}
			}
		}
		for path, capabilities := range granted {
			if strings.Contains(path, "/data/") && slices.Contains(capabilities, "read") {
				t.Errorf("%s reads %s", role, path)
			}
		}
		maps.DeleteFunc(granted, func(path string, _ []string) bool { return strings.Contains(path, "/relay-sync/") })
		below = granted
	}
}

// TestDevVaultHasTheSamePolicies compares meanings: the tests of everything else
// run under the dev Vault's files, which are a module of their own.
func TestDevVaultHasTheSamePolicies(t *testing.T) {
	t.Parallel()
	for file, g := range map[string]Grant{
		"writer.hcl": at(Grant{Role: Writer, Undelete: true, Destroy: true}),
		"reader.hcl": at(Grant{Role: Reader, Workflows: []string{"WORKFLOW"}}),
	} {
		text, err := For(g)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join("..", "devvault", "policies", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(meaning(t, text), meaning(t, string(other))); diff != "" {
			t.Errorf("policy.For (-), the dev Vault's %s (+):\n%s", file, diff)
		}
	}
}

var ruleForm = regexp.MustCompile(`^path "([^"]+)" *\{ capabilities = \[("[a-z]+"(?:, "[a-z]+")*)\] \}$`)

// meaning is what a policy grants: capabilities by path.
func meaning(t *testing.T, text string) map[string][]string {
	t.Helper()
	granted := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		found := ruleForm.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("not a rule: %q", line)
		}
		if granted[found[1]] != nil {
			t.Errorf("two rules for %s", found[1])
		}
		capabilities := strings.Split(strings.ReplaceAll(found[2], `"`, ""), ", ")
		slices.Sort(capabilities)
		granted[found[1]] = capabilities
	}
	return granted
}
