// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestPrintedPolicyLinesSufficeForOneWorkflow adds to a policy exactly the lines that errors
// print, until the operation succeeds, and then tries another workflow.
func TestPrintedPolicyLinesSufficeForOneWorkflow(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	for start, rules := range map[string]string{
		"nothing": "# nothing",
		"parts for every workflow": `
path "customers/data/workflows/+/+"     { capabilities = ["create"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read"] }`,
		"a denial": `path "customers/metadata/workflows/*" { capabilities = ["deny"] }`,
	} {
		for name, do := range map[string]func(*Client, Address, Claim) error{
			"write": putOne, "delete": deleteOne, "purge": purgeOne,
			"list": func(c *Client, a Address, _ Claim) error { _, err := c.List(ctx, a.Scope); return err },
			"configure": func(c *Client, a Address, _ Claim) error {
				fresh := a.Scope.Secret("fresh")
				e, err := c.Describe(ctx, fresh)
				if err != nil {
					return err
				}
				return c.Configure(ctx, fresh, e, Settings{DeleteVersionAfter: time.Hour}, nil)
			},
		} {
			t.Run(start+", "+name, func(t *testing.T) {
				t.Parallel()
				full, _ := realClient(t, v.Writer(t), shop)
				a, other := testAddress(t), testAddress(t)
				claims := map[Address]Claim{}
				for _, written := range []Address{a, other} {
					if _, err := full.Put(ctx, Write{Address: written, Value: NewValue("one")}); err != nil {
						t.Fatal(err)
					}
					claims[written] = claimIn(t, full, written)
				}
				policy := []string{rules}
				var c *Client
				for attempt := 0; ; attempt++ {
					c, _ = realClient(t, v.Token(t, policy...), shop)
					err := do(c, a, claims[a])
					if err == nil {
						break
					}
					missing, ok := errors.AsType[*MissingCapabilityError](err)
					if !ok || attempt == 4 {
						t.Fatalf("with %s: %v", strings.Join(policy, "\n"), err)
					}
					policy = append(policy, missing.Rules...)
					policy = mergeLines(policy)
				}
				if text := strings.Join(policy[1:], "\n"); strings.Contains(text, "+/+") {
					t.Errorf("a line is for every workflow: %s", text)
				}
				if err := do(c, other, claims[other]); !errors.Is(err, ErrMissingCapability) {
					t.Errorf("another workflow: %v", err)
				}
			})
		}
	}
}

// mergeLines keeps the last of several lines for one path, as a person replaces it.
func mergeLines(lines []string) []string {
	var out []string
	for i, line := range lines {
		path, _, _ := strings.Cut(line, "{")
		later := false
		for _, next := range lines[i+1:] {
			later = later || i > 0 && strings.HasPrefix(next, path)
		}
		if !later {
			out = append(out, line)
		}
	}
	return out
}

// TestPolicyOfTheReadGuardSufficesToWrite: who follows the warning can write, and no longer
// read.
func TestPolicyOfTheReadGuardSufficesToWrite(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	a := testAddress(t)
	c, _ := realClient(t, v.RootToken, shop)
	c.reading = RejectIfReadable
	guarded, ok := errors.AsType[*canReadError](putOne(c, a, Claim{}))
	if !ok {
		t.Fatal("a root token is accepted")
	}
	wantErrorOrNone(t, "root", guarded, "the Vault token is a root token, which can read every value; use a token with a policy such as:")
	reads := append(guarded.rules[:len(guarded.rules):len(guarded.rules)], `path "`+a.Path()+`" { capabilities = ["create", "update", "read"] }`)
	c, _ = realClient(t, v.Token(t, reads...), shop)
	c.reading = RejectIfReadable
	wantErrorOrNone(t, "reads", putOne(c, a, Claim{}), "from its policy (at "+a.Path()+"). This policy suffices to write:")
	withoutSelf := append(guarded.rules[:len(guarded.rules):len(guarded.rules)], `path "sys/capabilities-self" { capabilities = ["deny"] }`)
	c, _ = realClient(t, v.Token(t, withoutSelf...), shop)
	c.reading = RejectIfReadable
	wantErrorOrNone(t, "unknown", putOne(c, a, Claim{}), "so it is not known whether it can read values; grant it path")
	c, _ = realClient(t, v.Token(t, guarded.rules...), shop)
	c.reading = RejectIfReadable
	if err := putOne(c, a, Claim{}); err != nil {
		t.Errorf("write: %v", err)
	}
	if _, err := c.List(context.Background(), a.Scope); err != nil {
		t.Errorf("list: %v", err)
	}
	if err := deleteOne(c, a, claimIn(t, c, a)); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := putOne(c, testAddress(t), Claim{}); !errors.Is(err, ErrMissingCapability) {
		t.Errorf("another workflow: %v", err)
	}
}

func TestPolicyCommandIsForOneWorkflow(t *testing.T) {
	t.Parallel()
	deploy := Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: "deploy"}
	for _, row := range []struct {
		in   Scope
		op   capability.Operation
		role string
		want string
	}{
		{deploy, capability.Write, "writer", "writer --workflow deploy"},
		{deploy, capability.List, "writer", "writer --workflow deploy"}, // a viewer's rules would replace its own
		{deploy, capability.Observe, "viewer", "viewer --workflow deploy"},
		{deploy, capability.Undelete, "operator", "operator --workflow deploy --undelete"},
		{deploy, capability.Tidy, "writer", "tidy --workflow deploy"},
		{Scope{Mount: "kv", Prefix: "a/b", Group: "my deploy"}, capability.Write, "writer", "writer --workflow 'my deploy' --mount kv --prefix a/b"},
		{Scope{Kind: Connection, Mount: "kv", Prefix: "connections/d", Group: "aws"}, capability.Write, "writer", "writer --connections-domain d --mount kv"},
		{Scope{Kind: Field, Mount: DefaultMount, Prefix: "connections/d", Group: anyBody}, capability.List, "viewer", "viewer --connections-domain d"},
	} {
		if got := policyCommand(row.in, row.op, row.role); got != "relay-sync policy "+row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}
