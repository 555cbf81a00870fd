// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// gitHubExpression matches an expression of GitHub Actions.
var gitHubExpression = lazyregexp.New(`(?s)\$\{\{.*?\}\}`)

// gitHub walks a workflow of GitHub Actions, or an action made of steps. It reads the input
// "secrets" of hashicorp/vault-action.
func (r *reader) gitHub() error {
	top := r.fields(r.documents[0].Content[0])
	found := false
	for _, f := range top {
		switch f.name {
		case "jobs":
			found = true
			for _, job := range r.fields(f.value) {
				r.user = User{"job", plain(job.name)}
				r.gitHubSteps(job.value)
			}
		case "runs":
			found = true
			r.user = User{"action", ""}
			r.gitHubSteps(f.value)
		}
	}
	r.user = User{}
	if !found && r.err == nil {
		return errors.New("not a workflow of GitHub Actions: no jobs or runs found at the top level")
	}
	r.unread(r.documents[0], "the input secrets of hashicorp/vault-action")
	return nil
}

// gitHubSteps walks the steps of a job or an action.
func (r *reader) gitHubSteps(n *yaml.Node) {
	for _, f := range r.fields(n) {
		if f.name != "steps" || f.value.Kind != yaml.SequenceNode {
			continue
		}
		steps, leave := r.enter(f.value)
		if steps != nil {
			for i, step := range steps.Content {
				r.at(fmt.Sprintf("steps[%d]", i), func() { r.gitHubStep(step) })
			}
		}
		leave()
	}
}

// gitHubStep walks a step. Like GitHub, it ignores the case of actions and inputs.
func (r *reader) gitHubStep(n *yaml.Node) {
	var action string
	inputs := map[string]*yaml.Node{}
	for _, f := range r.fields(n) {
		switch f.name {
		case "uses":
			action, _, _ = strings.Cut(strings.ToLower(f.value.Value), "@")
		case "with":
			if f.value.Kind != yaml.MappingNode {
				continue
			}
			for _, input := range r.fields(f.value) {
				inputs[strings.ToLower(input.name)] = input.value
			}
		}
	}
	requests := inputs["secrets"]
	if action != "hashicorp/vault-action" || requests == nil {
		return
	}
	if r.inOtherNamespace(inputs["namespace"]) {
		r.resolved[requests] = true
		r.file.Others++
		return
	}
	optional := inputs["ignorenotfound"]
	r.at("with", func() {
		r.at("secrets", func() {
			r.vaultAction(requests, optional != nil && !strings.EqualFold(optional.Value, "false") && optional.Value != "")
		})
	})
}

// inOtherNamespace reports whether a step reads another namespace than that of the layout.
func (r *reader) inOtherNamespace(n *yaml.Node) bool {
	if n == nil || r.layout.Namespace == "" || gitHubExpression.MatchString(n.Value) {
		return false
	}
	return strings.Trim(n.Value, "/") != r.layout.Namespace
}

// vaultAction reads the requests of one step: "path key | name", separated by semicolons.
func (r *reader) vaultAction(n *yaml.Node, optional bool) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil {
		return
	}
	r.resolved[n] = true
	where := r.source.block(n)
	// names has the lines of the names of environment variables.
	names := map[string]int{}
	offset := 0
	for request := range strings.SplitSeq(mask(gitHubExpression, n.Value), ";") {
		if text := strings.TrimSpace(request); text != "" {
			at := where.of(offset + strings.Index(request, text))
			r.vaultRequest(at, text, optional, names)
		}
		offset += len(request) + 1
	}
}

func (r *reader) vaultRequest(at position, text string, optional bool, names map[string]int) {
	request, name := text, "VALUE"
	bar := strings.LastIndexByte(text, '|')
	if bar >= 0 {
		request, name = text[:bar], strings.TrimSpace(text[bar+1:])
	}
	parts := strings.Fields(request)
	switch {
	case len(parts) != 2 && isUnknown(request):
		r.refer(at, Reference{Kind: Secret, Dynamic: true})
		r.warn(at, "the expression may contain paths of secrets: they are not checked")
		return
	case len(parts) != 2 || name == "":
		r.problem(at, "invalid secrets: must be PATH KEY | NAME, with a semicolon between two of them")
		return
	}
	rest, resolved, is := r.gitHubPath(at, parts[0])
	if !is {
		return
	}
	switch key := strings.ReplaceAll(parts[1], `"`, ""); key {
	case "*", "**":
		r.warn(at, "the name of the value is VALUE with this wildcard, the same for each secret; write value | NAME")
		if bar >= 0 {
			name += "VALUE"
		}
	default:
		r.checkKey(at, key)
	}
	if line, taken := names[name]; taken && !isUnknown(name) {
		r.warn(at, "duplicate name %s, as in line %d: only one of the values is available; write value | NAME", plain(name), line)
	}
	names[name] = at.line
	if decoded, err := url.PathUnescape(rest); err == nil && resolved {
		rest = decoded
	}
	r.useSecret(at, rest, optional)
}

// gitHubPath returns the path of a secret below the prefix, from a path of Vault's API.
func (r *reader) gitHubPath(at position, path string) (rest string, resolved, is bool) {
	l := r.layout
	path, _, _ = strings.Cut(path, "?") // a version
	if l.Namespace != "" {
		path = strings.TrimPrefix(path, l.Namespace+"/")
	}
	if rest, is := strings.CutPrefix(path, l.Mount+"/"+l.Prefix+"/"); is {
		r.problem(at, "the path of a secret has data/ behind the mount: %s/data/%s/...", l.Mount, l.Prefix)
		return rest, true, true
	}
	if rest, resolved, is := below(path, l.Mount+"/data/"+l.Prefix+"/"); is {
		return rest, resolved, true
	}
	if strings.HasPrefix(path, l.Mount+"/data/connections/") {
		r.useConnection(at)
	} else {
		r.file.Others++
	}
	return "", false, false
}
