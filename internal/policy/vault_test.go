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
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// action is a request that a test tries with a token, in one folder of entries: a
// workflow, or a type of connections.
type action struct {
	// name is the action's row in the guide.
	name, method string
	// operation is the first segment below the mount.
	operation string
	body      any
	// on is the target of the request; an entry of the action's own if it is empty.
	on target
	// from is the condition of the entry before.
	from condition
}

type target string

const (
	folder target = "folder"
	above  target = "above" // the folder of all such folders

	below       target = "below"        // an entry in a folder of the folder
	folderBelow target = "folder below" // that folder
	earlier     target = "earlier"      // the entry's version 1
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
		{name: "list names", method: "LIST", operation: "metadata", on: folder},
		{name: types, method: "LIST", operation: "metadata", on: above},
		{name: listBelow, method: "LIST", operation: "metadata", on: folderBelow},
		{name: "see versions and owners", method: http.MethodGet, operation: "metadata"},
		{name: "create", method: http.MethodPost, operation: "data", body: value, from: missing},
		{name: "overwrite", method: http.MethodPost, operation: "data", body: value},
		{name: "record who wrote", method: http.MethodPatch, operation: "metadata", body: note},
		{name: "delete a version, softly", method: http.MethodPost, operation: "delete", body: version},
		{name: "delete whatever is newest", method: http.MethodDelete, operation: "data"},
		{name: "undelete", method: http.MethodPost, operation: "undelete", body: version, from: dead},
		{name: "destroy a version", method: http.MethodPost, operation: "destroy", body: version},
		{name: "configure before the first version", method: http.MethodPost, operation: "metadata", body: note, from: missing},
		{name: "replace everybody's records", method: http.MethodPost, operation: "metadata", body: note},
		{name: "remove with all versions", method: http.MethodDelete, operation: "metadata"},
		{name: "read the value", method: http.MethodGet, operation: "data"},
		{name: "read an earlier value", method: http.MethodGet, operation: "data", on: earlier},
		{name: readBelow, method: http.MethodGet, operation: "data", on: below},
		{name: "read the names of fields", method: http.MethodGet, operation: "subkeys"},
		{name: "merge into a value", method: http.MethodPatch, operation: "data", body: value},
	}
}

// TestRolesOnVault tries every action with a token of every role: what the role
// may is done, everything else is refused.
func TestRolesOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for name, g := range grants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, other := vaulttest.Workflow(t)+" é@.x", vaulttest.Workflow(t)
			text, err := For(g.in(own))
			if err != nil {
				t.Fatal(err)
			}
			token, workflow := v.Token(t, text), own
			if g.grant.WorkflowPrefixes != nil {
				workflow += "-staging"
			}
			for place, may := range map[string][]string{
				"workflows/" + workflow:           g.own,
				"workflows/" + other:              g.other,
				"connections/" + own + "/aws":     g.connections,
				"connections/" + other + "/azure": nil,
			} {
				expect(t, v, token, place, may)
			}
		})
	}
}

// expect tries every action in a place and compares with what is allowed there.
func expect(t *testing.T, v *vaulttest.Vault, token, place string, may []string) {
	t.Helper()
	for _, name := range may {
		if !slices.ContainsFunc(actions(), func(a action) bool { return a.name == name }) {
			t.Errorf("unknown action %q", name)
		}
	}
	for _, a := range actions() {
		allowed := slices.Contains(may, a.name)
		if status := a.try(t, v, token, place); (allowed && status/100 != 2) || (!allowed && status != http.StatusForbidden) {
			t.Errorf("%s in %s: status %d, but allowed is %t", a.name, place, status, allowed)
		}
	}
}

// try prepares an entry of two versions for the action and does it; it returns
// Vault's status.
func (a action) try(t *testing.T, v *vaulttest.Vault, token, place string) int {
	t.Helper()
	inMount := func(operation, path string) string {
		segments := strings.Split(path, "/")
		for i := range segments {
			segments[i] = url.PathEscape(segments[i])
		}
		return "customers/" + operation + "/" + strings.Join(segments, "/")
	}
	entry := place + "/" + a.name
	if a.on == below || a.on == folderBelow {
		entry = place + "/old/" + a.name
	}
	prepare := func(operation string, body any) {
		if status, _ := v.Call(t, v.RootToken, http.MethodPost, inMount(operation, entry), body); status/100 != 2 {
			t.Fatalf("preparing %s: status %d", a.name, status)
		}
	}
	if a.from != missing {
		prepare("data", value)
		prepare("data", value)
	}
	if a.from == dead {
		prepare("delete", version)
	}
	path := inMount(a.operation, entry)
	switch a.on {
	case folderBelow:
		path = inMount(a.operation, place+"/old/")
	case above:
		path = inMount(a.operation, place[:strings.LastIndex(place, "/")+1])
	case folder:
		path = inMount(a.operation, place+"/")
	case earlier:
		path += "?version=1"
	}
	status, _ := v.Call(t, token, a.method, path, a.body)
	return status
}

// TestEveryActionCanSucceed shows that the table's refusals are Vault's, not
// mistakes in the requests.
func TestEveryActionCanSucceed(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, place := range []string{"workflows/" + vaulttest.Workflow(t), "connections/" + vaulttest.Workflow(t) + "/aws"} {
		for _, a := range actions() {
			if status := a.try(t, v, v.RootToken, place); status/100 != 2 {
				t.Errorf("%s in %s: status %d with the root token", a.name, place, status)
			}
		}
	}
}

// TestIdentityGrantsItsOwnWorkflow logs in as Relay's operator does for a step.
func TestIdentityGrantsItsOwnWorkflow(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	own, other := vaulttest.Workflow(t), vaulttest.Workflow(t)
	grant := at(Grant{Role: Reader, Identity: Identity{Accessor: v.Accessor(t, "jwt"), Workflow: "tenant_id", Domain: "domain_id"}})
	text, err := For(grant)
	if err != nil {
		t.Fatal(err)
	}
	token := v.Tenant(t, text, map[string]string{"tenant_id": own, "domain_id": own + "-account"})
	expect(t, v, token, "workflows/"+own, reads)
	expect(t, v, token, "workflows/"+other, nil)
	expect(t, v, token, "connections/"+own+"-account/aws", and(reads, types))
	expect(t, v, token, "connections/"+other+"/aws", nil)

	t.Log("who has no domain gets no connections")
	token = v.Tenant(t, text, map[string]string{"tenant_id": other})
	expect(t, v, token, "workflows/"+other, reads)
	expect(t, v, token, "connections/"+own+"-account/aws", nil)

	t.Log("the comment in the policy is true: Vault reads + after it has filled in the braces")
	token = v.Tenant(t, text, map[string]string{"tenant_id": "+"})
	expect(t, v, token, "workflows/"+own, reads)
}

// The lines that errors quote are compared with the policy of a writer.
func TestWriterPolicyGrantsWhatTheClientRequires(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: vaulttest.Workflow(t)}
	text, err := For(at(Grant{Role: Writer, Workflows: []string{scope.Group}, Undelete: true, Destroy: true, Settings: true}))
	if err != nil {
		t.Fatal(err)
	}
	granted := meaning(t, text)
	owner, err := secrets.TeamOwner("ada")
	if err != nil {
		t.Fatal(err)
	}
	client := func(token string) *secrets.Client {
		c, err := vaultclient.Connect(vaultclient.Settings{Address: v.Address, Token: token}, secrets.Config{Owner: owner})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	secret := scope.Secret("token")
	written, err := client(v.Writer(t)).Put(t.Context(), secrets.Write{Address: secret, Value: secrets.NewValue("x")})
	if err != nil {
		t.Fatal(err)
	}
	deleted := scope.Secret("deleted")
	dead, err := client(v.Writer(t)).Put(t.Context(), secrets.Write{Address: deleted, Value: secrets.NewValue("x")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client(v.Writer(t)).Delete(t.Context(), deleted, dead.Claim(owner)); err != nil {
		t.Fatal(err)
	}
	observer := client(v.Token(t, fmt.Sprintf(`path %q { capabilities = ["read"] }`, "customers/metadata/workflows/+/+")))
	powerless := client(v.Token(t, "# nothing"))
	var asked []string
	for name, attempt := range map[string]func() error{
		"write":  func() error { _, err := powerless.Put(t.Context(), secrets.Write{Address: secret}); return err },
		"read":   func() error { _, err := powerless.Describe(t.Context(), secret); return err },
		"list":   func() error { _, err := powerless.List(t.Context(), scope); return err },
		"delete": func() error { _, err := observer.Delete(t.Context(), secret, written.Claim(owner)); return err },
		"purge":  func() error { _, err := observer.Purge(t.Context(), secret, written.Claim(owner)); return err },
		"settings": func() error {
			fresh := scope.Secret("fresh")
			observed, err := observer.Describe(t.Context(), fresh)
			return errors.Join(err, observer.Configure(t.Context(), fresh, observed, secrets.Settings{DeleteVersionAfter: time.Hour}, nil))
		},
		"undelete": func() error { _, err := observer.Undelete(t.Context(), deleted); return err },
	} {
		denied, ok := errors.AsType[*secrets.MissingCapabilityError](attempt())
		if !ok {
			t.Errorf("%s: no missing capability is reported", name)
			continue
		}
		for path, capabilities := range meaning(t, strings.Join(denied.Rules, "\n")) {
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
