// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// unknown replaces each byte of an expression or a variable, which only a run can resolve.
const unknown = "\x00"

// mask replaces the expressions of a text by as many unknown bytes.
func mask(expressions *lazyregexp.Regexp, text string) string {
	return expressions.ReplaceAllStringFunc(text, func(e string) string { return strings.Repeat(unknown, len(e)) })
}

func isUnknown(text string) bool { return strings.Contains(text, unknown) }

// below returns the rest of a path below a folder. resolved is false if the rest is not
// known, because an expression begins in the folder's own part.
func below(path, folder string) (rest string, resolved, is bool) {
	if rest, is := strings.CutPrefix(path, folder); is {
		return rest, true, true
	}
	known, _, cut := strings.Cut(path, unknown)
	return unknown, false, cut && strings.HasPrefix(folder, known)
}

// useSecret records the reference to a secret by its path below the prefix.
func (r *reader) useSecret(at position, rest string, optional bool) {
	workflow, name, _ := strings.Cut(rest, "/")
	ref := Reference{Kind: Secret, Workflow: workflow, Name: name, Optional: optional}
	switch {
	case isUnknown(rest):
		ref.Dynamic = true
		if isUnknown(workflow) {
			ref.Workflow = ""
		}
		if isUnknown(name) {
			ref.Name = ""
		}
		r.warn(at, "this path contains an expression or a variable: the secret is not checked")
	case name == "":
		r.problem(at, "the path of a secret is required: it ends after the workflow")
		return
	}
	r.refer(at, ref)
}

// checkKey checks the key that is read from a secret.
func (r *reader) checkKey(at position, key string) {
	if plainKey.MatchString(key) && key != "value" {
		r.problem(at, "unknown key %q: a secret has only the key value", cut(key))
	}
}

// plainKey matches a key that is not an expression.
var plainKey = lazyregexp.New(`^[\pL\pN_.-]+$`)

// useConnection warns of a path of a connection.
func (r *reader) useConnection(at position) {
	r.warn(at, "a connection cannot be read by its path, which contains only the id of its fields: this reference is not checked")
}

// unread walks what the reader of the format did not read, and warns of paths of secrets
// in it.
func (r *reader) unread(n *yaml.Node, documented string) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil || r.resolved[n] {
		return
	}
	r.resolved[n] = true
	if n.Kind == yaml.ScalarNode && r.layout.mentionedIn(n.Value) {
		r.warn(positionOf(n), "this text contains a path of secrets, which is not checked: only %s is read", documented)
	}
	for _, child := range n.Content {
		r.unread(child, documented)
	}
}

// mentionedIn reports whether a text contains the path of secrets in one of the forms of
// Vault's API and command line.
func (l Layout) mentionedIn(text string) bool {
	folder := l.Prefix + "/"
	return strings.Contains(text, l.Mount+"/data/"+folder) || strings.Contains(text, l.Mount+"/"+folder) ||
		strings.Contains(text, folder) && (strings.Contains(text, "mount="+l.Mount) || strings.Contains(text, "mount "+l.Mount) || strings.Contains(text, "@"+l.Mount))
}
