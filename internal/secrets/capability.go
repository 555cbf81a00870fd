// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// purpose is what a token must be able to do before anything is sent.
type purpose string

const (
	writing  purpose = "write"
	deleting purpose = "delete"
	purging  purpose = "purge"
)

type grantKey struct {
	scope Scope
	purpose
}

// grant is one check, shared by everybody who needs it.
type grant struct {
	once sync.Once
	err  error
}

// require makes sure, once per scope and purpose, that the token may do all that
// is ahead, so that a lacking capability stops before the first write and not
// between a value and its record. A Vault that will not tell is a warning.
func (c *Client) require(ctx context.Context, a Address, p purpose) error {
	c.mu.Lock()
	key := grantKey{a.Scope, p}
	g := c.granted[key]
	if g == nil {
		g = &grant{}
		c.granted[key] = g
	}
	c.mu.Unlock()
	g.once.Do(func() {
		if g.err = c.ask(ctx, a, p); g.err != nil {
			// Only an answer is worth keeping: the next secret asks again.
			c.mu.Lock()
			delete(c.granted, key)
			c.mu.Unlock()
		}
	})
	return g.err
}

func (c *Client) ask(ctx context.Context, a Address, p purpose) error {
	needs := needsFor(a, p)
	paths := make([]string, len(needs))
	for i, n := range needs {
		paths[i] = n.path
	}
	granted, err := c.kv.Capabilities(ctx, paths...)
	if failed, ok := err.(*vault.Error); ok && failed.Reason == vault.ErrDenied {
		c.warn("the token may not ask for its own capabilities (sys/capabilities-self), so a lacking one shows only when it is needed")
		return nil
	}
	if err != nil {
		return err
	}
	var rules []string
	for _, n := range needs {
		if lacks := n.lacking(granted[n.path]); len(lacks) > 0 {
			rules = append(rules, n.rule(lacks))
		}
	}
	if len(rules) > 0 {
		return &LackingError{Scope: a.Scope, Rules: rules}
	}
	return nil
}

// need is a line of Vault policy: what must be granted where.
type need struct {
	path         string // as this token will ask
	pattern      string // as the policy writes it
	capabilities []string
}

func needsFor(a Address, p purpose) []need {
	at := func(verb string, capabilities ...string) need {
		return need{
			path:         a.Mount + "/" + verb + "/" + a.path(),
			pattern:      a.Mount + "/" + verb + "/" + a.Prefix + "/+/+",
			capabilities: capabilities,
		}
	}
	record := at("metadata", "read", "patch")
	switch p {
	case deleting:
		return []need{at("delete", "update"), record}
	case purging:
		return []need{at("destroy", "update"), record}
	default:
		return []need{at("data", "create", "update"), record}
	}
}

func (n need) lacking(granted []string) []string {
	if slices.Contains(granted, "root") {
		return nil
	}
	var out []string
	for _, c := range n.capabilities {
		if !slices.Contains(granted, c) {
			out = append(out, c)
		}
	}
	return out
}

func (n need) rule(lacks []string) string {
	return fmt.Sprintf(`path "%s" { capabilities = ["%s"] }`, n.pattern, strings.Join(lacks, `", "`))
}
