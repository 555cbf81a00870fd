// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// granting is a KV whose token has the given capabilities.
type granting struct {
	KV
	capabilities map[string][]string
}

func (g granting) Capabilities(_ context.Context, _ string, paths ...string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, path := range paths {
		out[path] = g.capabilities[path]
	}
	return out, nil
}

func (g granting) ReadMount(_ context.Context, _, mount string) (kv.Mount, error) {
	out := kv.Mount{Path: mount + "/", Type: "kv"}
	out.Options.Version = "2"
	return out, nil
}

func TestRequireChecksEveryCapabilityOfTheTable(t *testing.T) {
	t.Parallel()
	a := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	for _, op := range capability.Operations() {
		for _, rule := range capability.For(op) {
			for _, removed := range rule.Capabilities {
				granted := map[string][]string{}
				for _, r := range capability.For(op) {
					granted[pathsOf(a, r)[0]] = slices.DeleteFunc(slices.Clone(r.Capabilities), func(c string) bool { return r.API == rule.API && c == removed })
				}
				c, err := NewClient(Config{KV: granting{capabilities: granted}, Owner: "terraform/shop"})
				if err != nil {
					t.Fatal(err)
				}
				err = c.require(t.Context(), a, op)
				missing, ok := errors.AsType[*MissingCapabilityError](err)
				if !ok || len(missing.Rules) != 1 || !strings.Contains(missing.Rules[0], `"`+strings.Join(rule.Capabilities, `", "`)+`"`) ||
					!strings.Contains(missing.Rules[0], "customers/"+rule.API+"/workflows/deploy/") {
					t.Errorf("operation %d without %s on %s: %v", op, removed, rule.API, err)
				}
				granted[pathsOf(a, rule)[0]] = append(granted[pathsOf(a, rule)[0]], removed)
				if err := c.require(t.Context(), a, op); err != nil {
					t.Errorf("operation %d with all capabilities: %v", op, err)
				}
			}
		}
	}
}
