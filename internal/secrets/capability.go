// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// purpose is what a token must be able to do before anything is sent.
type purpose string

const (
	writing  purpose = "write"
	deleting purpose = "delete"
	purging  purpose = "purge"
	// undeleting brings back what was deleted.
	undeleting purpose = "undelete"
	// describing makes metadata before the first version.
	describing purpose = "describe"
	// reading is what a token should not be able to; see ReadGuard.
	reading purpose = "read"
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
	if err := c.guard(ctx, a); err != nil {
		return err
	}
	return c.once(grantKey{a.Scope, p}, func() error { return c.ask(ctx, a, p) })
}

// once asks a question that all secrets of a scope share.
func (c *Client) once(key grantKey, ask func() error) error {
	c.mu.Lock()
	g := c.granted[key]
	if g == nil {
		g = &grant{}
		c.granted[key] = g
	}
	c.mu.Unlock()
	g.once.Do(func() {
		if g.err = ask(); g.err != nil {
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
	if errors.Is(err, kv.ErrPermissionDenied) {
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
		return &MissingCapabilityError{Scope: a.Scope, Rules: rules}
	}
	return nil
}

// whyDenied tells a token that lacks a capability to look from one that is worth
// nothing: Vault 1.14 answers both with the same words.
func (c *Client) whyDenied(ctx context.Context, s Scope, looking need, denied error) error {
	granted, err := c.kv.Capabilities(ctx, looking.path)
	switch lacks := looking.lacking(granted[looking.path]); {
	case errors.Is(err, kv.ErrPermissionDenied):
		return fmt.Errorf("%s: %w", s.Title(), ErrTokenRejected)
	case err == nil && len(lacks) > 0:
		return &MissingCapabilityError{Scope: s, Rules: []string{looking.rule(lacks)}}
	}
	return denied
}

// need is a line of Vault policy: what must be granted where.
type need struct {
	path         string // as this token will ask
	pattern      string // as the policy writes it
	capabilities []string
}

func needsFor(a Address, p purpose) []need {
	record := needFor(a, "metadata", "read", "patch")
	switch p {
	case deleting:
		return []need{needFor(a, "delete", "update"), record}
	case undeleting:
		return []need{needFor(a, "undelete", "update"), record}
	case purging:
		return []need{needFor(a, "destroy", "update"), record}
	case describing:
		return []need{needFor(a, "metadata", "create", "read", "patch")}
	default:
		return []need{needFor(a, "data", "create", "update"), record}
	}
}

func needFor(a Address, verb string, capabilities ...string) need {
	return need{
		path:         a.Mount + "/" + verb + "/" + a.path(),
		pattern:      a.Mount + "/" + verb + "/" + a.Prefix + "/+/+",
		capabilities: capabilities,
	}
}

func needForList(s Scope) need {
	return need{
		path:         s.Mount + "/metadata/" + s.path() + "/",
		pattern:      s.Mount + "/metadata/" + s.Prefix + "/+/",
		capabilities: []string{"list"},
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
