// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// action is one thing that somebody tries with a token.
type action struct {
	name, method string
	// operation is the first segment below the mount.
	operation string
	body      any
	// elsewhere is in another workflow, which no named grant is for.
	elsewhere bool
	// on says what of the workflow is asked for; a secret of the action's own
	// where it is empty.
	on target
	// from is what the secret must be before.
	from condition
}

type target string

const (
	folder  target = "folder"  // the workflow's
	parent  target = "parent"  // the folder of all workflows
	earlier target = "earlier" // the secret's version 1
)

type condition string

const (
	missing condition = "missing"
	dead    condition = "dead"
)

var (
	value   = map[string]any{"data": map[string]any{"value": "x"}}
	version = map[string]any{"versions": []int{2}}
	note    = map[string]any{"custom_metadata": map[string]any{"relay.person/ada": "version=2"}}
)

func actions() []action {
	return []action{
		{name: "create", method: http.MethodPost, operation: "data", body: value, from: missing},
		{name: "overwrite", method: http.MethodPost, operation: "data", body: value},
		{name: "merge into a value", method: http.MethodPatch, operation: "data", body: value},
		{name: "read value", method: http.MethodGet, operation: "data"},
		{name: "read earlier value", method: http.MethodGet, operation: "data", on: earlier},
		{name: "read fields", method: http.MethodGet, operation: "subkeys"},
		{name: "list", method: "LIST", operation: "metadata", on: folder},
		{name: "list workflows", method: "LIST", operation: "metadata", on: parent},
		{name: "read metadata", method: http.MethodGet, operation: "metadata"},
		{name: "patch record", method: http.MethodPatch, operation: "metadata", body: note},
		{name: "replace metadata", method: http.MethodPost, operation: "metadata", body: note},
		{name: "delete version", method: http.MethodPost, operation: "delete", body: version},
		{name: "delete newest", method: http.MethodDelete, operation: "data"},
		{name: "undelete", method: http.MethodPost, operation: "undelete", body: version, from: dead},
		{name: "destroy", method: http.MethodPost, operation: "destroy", body: version},
		{name: "delete metadata", method: http.MethodDelete, operation: "metadata"},
		{name: "create elsewhere", method: http.MethodPost, operation: "data", body: value, from: missing, elsewhere: true},
		{name: "overwrite elsewhere", method: http.MethodPost, operation: "data", body: value, elsewhere: true},
		{name: "read value elsewhere", method: http.MethodGet, operation: "data", elsewhere: true},
		{name: "list elsewhere", method: "LIST", operation: "metadata", on: folder, elsewhere: true},
		{name: "read metadata elsewhere", method: http.MethodGet, operation: "metadata", elsewhere: true},
		{name: "patch record elsewhere", method: http.MethodPatch, operation: "metadata", body: note, elsewhere: true},
		{name: "delete version elsewhere", method: http.MethodPost, operation: "delete", body: version, elsewhere: true},
		{name: "undelete elsewhere", method: http.MethodPost, operation: "undelete", body: version, from: dead, elsewhere: true},
		{name: "destroy elsewhere", method: http.MethodPost, operation: "destroy", body: version, elsewhere: true},
	}
}

// TestRolesOnVault tries every action with a token of every role: what the role
// may is done, everything else is refused.
func TestRolesOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	writes := []string{"create", "overwrite", "list", "read metadata", "patch record", "delete version"}
	elsewhere := []string{
		"create elsewhere", "overwrite elsewhere", "list elsewhere", "read metadata elsewhere",
		"patch record elsewhere", "delete version elsewhere",
	}
	for name, c := range map[string]struct {
		grant Grant
		// every: the grant is for all workflows, not for the one of the test.
		every bool
		may   []string
	}{
		"writer":            {Grant{Role: Writer}, true, slices.Concat(writes, elsewhere)},
		"writer, undelete":  {Grant{Role: Writer, Undelete: true}, true, slices.Concat(writes, elsewhere, []string{"undelete", "undelete elsewhere"})},
		"writer, destroy":   {Grant{Role: Writer, Destroy: true}, true, slices.Concat(writes, elsewhere, []string{"destroy", "destroy elsewhere"})},
		"writer of one":     {Grant{Role: Writer}, false, writes},
		"full writer":       {Grant{Role: Writer, Undelete: true, Destroy: true}, false, slices.Concat(writes, []string{"undelete", "destroy"})},
		"reader":            {Grant{Role: Reader}, false, []string{"read value", "read earlier value", "list"}},
		"reader of several": {Grant{Role: Reader, Workflows: []string{"some other", "é@.x"}}, false, []string{"read value", "read earlier value", "list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine, other := vaulttest.Workflow(t)+" é@.x", vaulttest.Workflow(t)
			if !c.every {
				c.grant.Workflows = append(c.grant.Workflows, mine)
			}
			text, err := For(at(c.grant))
			if err != nil {
				t.Fatal(err)
			}
			token := v.Token(t, text)
			seen := []string{}
			for _, a := range actions() {
				workflow := mine
				if a.elsewhere {
					workflow = other
				}
				may := slices.Contains(c.may, a.name)
				if may {
					seen = append(seen, a.name)
				}
				if status := a.try(t, v, token, workflow); (may && status/100 != 2) || (!may && status != http.StatusForbidden) {
					t.Errorf("%s: status %d, but allowed is %t", a.name, status, may)
				}
			}
			if len(seen) != len(c.may) {
				t.Errorf("of %q only %q were tried", c.may, seen)
			}
		})
	}
}

// try prepares a secret of two versions for the action and does it; it returns
// Vault's status.
func (a action) try(t *testing.T, v *vaulttest.Vault, token, workflow string) int {
	t.Helper()
	name := a.name
	if a.from != missing {
		v.Write(t, workflow, name, "first")
		v.Write(t, workflow, name, "second")
	}
	if a.from == dead {
		v.SoftDelete(t, workflow, name)
	}
	path := "customers/" + a.operation + "/workflows/"
	switch a.on {
	case parent:
	case folder:
		v.Write(t, workflow, name, "to list")
		path += url.PathEscape(workflow) + "/"
	case earlier:
		path += url.PathEscape(workflow) + "/" + url.PathEscape(name) + "?version=1"
	default:
		path += url.PathEscape(workflow) + "/" + url.PathEscape(name)
	}
	status, _ := v.Call(t, token, a.method, path, a.body)
	return status
}

// TestEveryActionCanSucceed shows that the table's refusals are Vault's, not
// mistakes in the requests.
func TestEveryActionCanSucceed(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	workflow := vaulttest.Workflow(t)
	for _, a := range actions() {
		if status := a.try(t, v, v.RootToken, workflow); status/100 != 2 {
			t.Errorf("%s: status %d with the root token", a.name, status)
		}
	}
}

// TestWhatTheClientAsksForIsGranted compares the lines that errors tell people to
// add with the policy of a writer.
func TestWhatTheClientAsksForIsGranted(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	text, err := For(at(Grant{Role: Writer, Undelete: true, Destroy: true}))
	if err != nil {
		t.Fatal(err)
	}
	granted := meaning(t, text)
	scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Workflow: vaulttest.Workflow(t)}
	owner, err := secrets.PersonOwner("ada")
	if err != nil {
		t.Fatal(err)
	}
	client := func(token string) *secrets.Client {
		c, err := secrets.Connect(secrets.Connection{Address: v.Address, Token: token}, secrets.Config{Owner: owner})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	secret := scope.Secret("token")
	if _, err := client(v.Writer(t)).Put(t.Context(), secrets.Write{Address: secret, Value: secrets.NewValue("x")}); err != nil {
		t.Fatal(err)
	}
	deleted := scope.Secret("deleted")
	if _, err := client(v.Writer(t)).Put(t.Context(), secrets.Write{Address: deleted, Value: secrets.NewValue("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client(v.Writer(t)).Delete(t.Context(), deleted, nil); err != nil {
		t.Fatal(err)
	}
	looker := client(v.Token(t, fmt.Sprintf(`path %q { capabilities = ["read"] }`, "customers/metadata/workflows/+/+")))
	nobody := client(v.Token(t, "# nothing"))
	var asked []string
	for name, attempt := range map[string]func() error{
		"write":    func() error { _, err := nobody.Put(t.Context(), secrets.Write{Address: secret}); return err },
		"read":     func() error { _, err := nobody.Describe(t.Context(), secret); return err },
		"list":     func() error { _, err := nobody.List(t.Context(), scope); return err },
		"delete":   func() error { _, err := looker.Delete(t.Context(), secret, nil); return err },
		"purge":    func() error { _, err := looker.Purge(t.Context(), secret, nil); return err },
		"undelete": func() error { _, err := looker.Undelete(t.Context(), deleted); return err },
	} {
		lacking, ok := errors.AsType[*secrets.LackingError](attempt())
		if !ok {
			t.Errorf("%s: no lacking capability is named", name)
			continue
		}
		for path, capabilities := range meaning(t, strings.Join(lacking.Rules, "\n")) {
			asked = append(asked, path)
			for _, capability := range capabilities {
				if !slices.Contains(granted[path], capability) {
					t.Errorf("%s needs %s on %s, which a writer is not granted", name, capability, path)
				}
			}
		}
	}
	for path := range granted {
		if !slices.Contains(asked, path) {
			t.Errorf("a writer is granted %s, which nothing needs", path)
		}
	}
}
