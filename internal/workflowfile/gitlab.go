// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// gitLabVariable matches an input or a variable of GitLab.
var gitLabVariable = lazyregexp.New(`(?s)\$\[\[.*?\]\]|\$\{\w+\}|\$\w+|%\w+%`)

// gitLabMount is the mount of GitLab's short form without @.
const gitLabMount = "kv-v2"

// gitLab walks a file of GitLab CI/CD. It reads the keyword secrets:vault of all jobs, also
// of hidden ones, which others extend.
func (r *reader) gitLab() {
	document := r.documents[0]
	top := r.fields(document.Content[0])
	if len(r.documents) > 1 && slices.ContainsFunc(top, func(f field) bool { return f.name == "spec" }) {
		document = r.documents[1] // behind the header of a component
		top = r.fields(document.Content[0])
	}
	for _, f := range top {
		if f.name == "include" {
			r.warn(positionOf(f.key), "included files are not read: pass them with --workflows, too")
		}
		if f.value.Kind == yaml.MappingNode {
			r.user = User{"job", plain(f.name)}
			r.gitLabJob(f.value, top)
		}
	}
	r.user = User{}
	r.unread(document, "the keyword secrets:vault of jobs")
}

func (r *reader) gitLabJob(n *yaml.Node, top []field) {
	for _, f := range r.fields(n) {
		if f.name != "secrets" || r.isReference(f.value, top) {
			continue
		}
		for _, variable := range r.fields(f.value) {
			if r.isReference(variable.value, top) {
				continue
			}
			for _, source := range r.fields(variable.value) {
				if source.name == "vault" && !r.isReference(source.value, top) {
					r.at("secrets", func() { r.at(variable.name, func() { r.at("vault", func() { r.gitLabVault(source.value) }) }) })
				}
			}
		}
	}
}

// isReference reports whether a node is a !reference to another part. That is read there,
// if the file contains it.
func (r *reader) isReference(n *yaml.Node, top []field) bool {
	if n.ShortTag() != "!reference" {
		return false
	}
	if len(n.Content) == 0 || !slices.ContainsFunc(top, func(f field) bool { return f.name == n.Content[0].Value }) {
		r.warn(positionOf(n), "this !reference is to another file: pass that file with --workflows, too")
	}
	return true
}

// gitLabSecret is what secrets:vault names.
type gitLabSecret struct{ engine, mount, path, field string }

// gitLabVault reads the value of secrets:vault: path/field@mount, or a mapping.
func (r *reader) gitLabVault(n *yaml.Node) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil {
		return
	}
	at := positionOf(n)
	s := gitLabSecret{engine: gitLabMount, mount: gitLabMount}
	switch n.Kind {
	case yaml.ScalarNode:
		r.resolved[n] = true
		s.path = mask(gitLabVariable, n.Value)
		if at := strings.LastIndexByte(s.path, '@'); at > 0 {
			s.path, s.mount = s.path[:at], s.path[at+1:]
		} else if strings.HasPrefix(s.path, unknown) {
			s.mount = unknown
		}
		if at := strings.LastIndexByte(s.path, '/'); at >= 0 && !isUnknown(s.path[at:]) {
			s.path, s.field = s.path[:at], s.path[at+1:]
		}
	case yaml.MappingNode:
		for _, f := range r.fields(n) {
			switch f.name {
			case "engine":
				for _, e := range r.fields(f.value) {
					r.setText(e, map[string]*string{"name": &s.engine, "path": &s.mount})
				}
			default:
				r.setText(f, map[string]*string{"path": &s.path, "field": &s.field})
			}
		}
	default:
		r.problem(at, "invalid vault: must be path/field@mount, or a mapping with engine, path and field")
		return
	}
	r.gitLabPath(at, s)
}

// setText sets the text of a field that has one of the names.
func (r *reader) setText(f field, names map[string]*string) {
	n, leave := r.enter(f.value)
	defer leave()
	if text := names[f.name]; text != nil && n != nil && n.Kind == yaml.ScalarNode {
		r.resolved[n] = true
		*text = mask(gitLabVariable, n.Value)
	}
}

func (r *reader) gitLabPath(at position, s gitLabSecret) {
	l := r.layout
	if mount := strings.Trim(s.mount, "/"); mount != l.Mount && !isUnknown(mount) {
		r.file.Others++
		if mount == gitLabMount && strings.HasPrefix(s.path, l.Prefix+"/") {
			r.warn(at, "this reads the mount %s: for a secret write path/value@%s, or engine.path %s", gitLabMount, l.Mount, l.Mount)
		}
		return
	}
	path, wrong := strings.CutPrefix(s.path, "data/")
	rest, _, is := below(path, l.Prefix+"/")
	switch {
	case !is && strings.HasPrefix(path, "connections/"):
		r.useConnection(at)
		return
	case !is:
		r.file.Others++
		return
	case wrong:
		r.problem(at, "the path of a secret begins with %s/: GitLab adds data/", l.Prefix)
	case s.engine != gitLabMount && !isUnknown(s.engine):
		r.problem(at, "engine.name must be %s", gitLabMount)
	case s.field == "" && !isUnknown(s.path):
		r.problem(at, "the field is required: value")
	}
	r.checkKey(at, s.field)
	r.useSecret(at, rest, false)
}
