// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"strings"
)

// ACL are the rules of all policies of a token together, by path. Rules with "+" are not
// among them: Vault does not return those.
type ACL struct {
	// Root: the token may do everything, and has no rules.
	Root bool
	// Exact are the capabilities on exact paths, Glob those on all paths that begin with
	// the key, which has no "*". Of a path, Vault applies the exact rule, or else the one
	// with the longest key. The capability "deny" excludes all others.
	Exact, Glob map[string][]string
}

// ResultantACL returns the rules of the token in the namespace of the client. Vault's policy
// default permits it (sys/internal/ui/resultant-acl).
func (c *Client) ResultantACL(ctx context.Context) (ACL, error) {
	type rules map[string]struct {
		Capabilities []string `json:"capabilities"`
	}
	var answer struct {
		Root   bool   `json:"root"`
		Chroot string `json:"chroot_namespace"`
		Exact  rules  `json:"exact_paths"`
		Glob   rules  `json:"glob_paths"`
	}
	if err := c.lookUp(ctx, "query the rules of the token at", "sys/internal/ui/resultant-acl", &answer); err != nil {
		return ACL{}, err
	}
	// Vault puts the namespace before each path, and before that the one to which the
	// listener is bound.
	namespace := ""
	for _, part := range []string{strings.Trim(answer.Chroot, "/"), c.namespace} {
		if part != "" {
			namespace += part + "/"
		}
	}
	within := func(all rules) map[string][]string {
		out := make(map[string][]string, len(all))
		for path, rule := range all {
			if path, in := strings.CutPrefix(path, namespace); in {
				out[path] = rule.Capabilities
			}
		}
		return out
	}
	return ACL{Root: answer.Root, Exact: within(answer.Exact), Glob: within(answer.Glob)}, nil
}
