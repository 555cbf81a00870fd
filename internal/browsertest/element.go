// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// element finds one element as the browser describes it to a screen reader.
type element struct {
	roles []string
	name  string
	// found is the number of elements that the last query found.
	found int
}

func (e *element) String() string { return fmt.Sprintf("%s %q", strings.Join(e.roles, " or "), e.name) }

// option is a query for this element. The selector that it replaces can be empty.
func (e *element) option() chromedp.QueryOption {
	return chromedp.ByFunc(func(ctx context.Context, target *chromedp.Target, root *chromedp.Node) ([]cdp.NodeID, error) {
		described, err := e.query(ctx, target, accessibility.QueryAXTreeParams{NodeID: root.NodeID})
		if err != nil {
			return nil, err
		}
		e.found = len(described)
		if e.found != 1 {
			return nil, nil // the query is repeated until the limit
		}
		pushed, err := cdp.Call(ctx, target, dom.PushNodesByBackendIDsToFrontend,
			dom.PushNodesByBackendIDsToFrontendParams{BackendNodeIDs: []cdp.BackendNodeID{described[0].BackendDOMNodeID}})
		return pushed.NodeIDs, err
	})
}

// query returns the elements below the root that params names. The browser's own search by name does
// not find the names of file fields.
func (e *element) query(ctx context.Context, target cdp.Session, params accessibility.QueryAXTreeParams) ([]*accessibility.Node, error) {
	var all []*accessibility.Node
	for _, params.Role = range e.roles {
		result, err := cdp.Call(ctx, target, accessibility.QueryAXTree, params)
		if err != nil {
			return nil, err
		}
		all = append(all, result.Nodes...)
	}
	return slices.DeleteFunc(all, func(node *accessibility.Node) bool { return node.Ignored || text(node.Name) != e.name }), nil
}

// text returns a value that is text.
func text(value *accessibility.Value) string {
	var s string
	if value != nil {
		_ = json.Unmarshal(value.Value, &s) // a number is not text
	}
	return s
}

// count returns how many elements of this role and name the page has now.
func (b *Tab) count(role, name string) int {
	b.t.Helper()
	return len(b.described(&element{roles: []string{role}, name: name}))
}

// described returns the elements that the page has now.
func (b *Tab) described(e *element) []*accessibility.Node {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	nodes, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) ([]*accessibility.Node, error) {
		document, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
		if err != nil {
			return nil, err
		}
		return e.query(ctx, target, accessibility.QueryAXTreeParams{ObjectID: document.Result.ObjectID})
	})
	if err != nil {
		b.fatalf("search %s: %v", e, err)
	}
	return nodes
}

// Value returns what the only field of this name contains. Other text than of passwords is
// returned as it is, also if the page hides it from view.
func (b *Tab) Value(name string) string {
	b.t.Helper()
	e := &element{roles: fields, name: name}
	found := b.described(e)
	if len(found) != 1 {
		b.fatalf("read %s: the page has %d of them", e, len(found))
	}
	return text(found[0].Value)
}

// Has reports whether the page has an element of this role and name, such as "button", "Save". A
// screen reader would find it: it is not hidden.
func (b *Tab) Has(role, name string) bool {
	b.t.Helper()
	return b.count(role, name) > 0
}

// Focused returns role and name of the element that has the keyboard's focus.
func (b *Tab) Focused() (role, name string) {
	b.t.Helper()
	active := call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	described := call(b, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: active.Result.ObjectID})
	if len(described.Nodes) == 0 {
		b.fatalf("no element has the focus")
	}
	return text(described.Nodes[0].Role), text(described.Nodes[0].Name)
}
