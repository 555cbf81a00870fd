// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/puppetlabs/relay-core/pkg/expr/parse"
	"gopkg.in/yaml.v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// Step is one step of a workflow file.
type Step struct {
	// File is the path of the file, for errors.
	File string
	Name string
	// spec, env and when are nil if the step has none.
	spec, env, when *part
	parameters      map[string]parameter
}

// parameter is the value of a parameter of the workflow.
type parameter struct {
	value any
	// size is that of its JSON, in bytes.
	size int
}

func newParameter(value any) parameter {
	text, _ := json.Marshal(value) // of YAML's types
	return parameter{value, len(text)}
}

// part is a field of the step that Relay evaluates.
type part struct {
	name string
	tree parse.Tree
	node *yaml.Node
}

// orEmpty is the tree of a part. A step without it has an empty one: Relay answers 404, which
// ni repeats for five minutes.
func (p *part) orEmpty() parse.Tree {
	if p == nil {
		return map[string]any{}
	}
	return p.tree
}

// ReadStep finds the step of a workflow file. parameters are the values of parameters, by
// name; the others have their defaults. The error has everything that is wrong.
func ReadStep(path string, data []byte, name string, parameters map[string]string) (*Step, error) {
	file, err := workflowfile.Read(data) // bounds size, depth and aliases
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", conffile.Display(path), err)
	}
	if err := problemsOf(path, file, name); err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err != nil {
		return nil, fmt.Errorf("read %s: invalid YAML", conffile.Display(path))
	}
	top := document.Content[0]
	node, err := findStep(field(top, "steps"), name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", conffile.Display(path), err)
	}
	if kind := field(node, "type"); kind != nil && kind.Value == "approval" {
		return nil, fmt.Errorf("%s:%d: step %s: an approval has no command", conffile.Display(path), kind.Line, foreign.Quote(name))
	}
	s := &Step{File: path, Name: name}
	if s.parameters, err = parametersOf(field(top, "parameters"), parameters); err != nil {
		return nil, fmt.Errorf("%s: %w", conffile.Display(path), err)
	}
	for _, of := range []struct {
		name string
		to   **part
	}{{"spec", &s.spec}, {"env", &s.env}, {"when", &s.when}} {
		if *of.to, err = newPart(of.name, field(node, of.name)); err != nil {
			return nil, fmt.Errorf("%s: step %s: %w", conffile.Display(path), foreign.Quote(name), err)
		}
	}
	return s, s.checkEnv()
}

// problemsOf are the problems of the step. Those of other steps do not matter to it.
func problemsOf(path string, file *workflowfile.File, name string) error {
	var errs []error
	for _, p := range file.Problems {
		if p.User.Kind != "" && p.User != workflowfile.Step(name) {
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %s", conffile.Display(path), foreign.Line(p.String())))
	}
	return errors.Join(errs...)
}

// findStep finds the one step of a name.
func findStep(steps *yaml.Node, name string) (*yaml.Node, error) {
	var found *yaml.Node
	var names []string
	for _, step := range items(steps) {
		own := field(step, "name")
		if own == nil {
			continue
		}
		names = append(names, foreign.Quote(own.Value))
		switch {
		case own.Value != name:
		case found != nil:
			return nil, fmt.Errorf("duplicate step name %s", foreign.Quote(name))
		default:
			found = step
		}
	}
	if found == nil {
		return nil, fmt.Errorf("step %s: not found\nHint: the steps are %s", foreign.Quote(name), listed(names))
	}
	return found, nil
}

// listed is a list for a message, of at most ten items.
func listed(names []string) string {
	const most = 10
	switch {
	case len(names) == 0:
		return "without names"
	case len(names) > most:
		return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// parametersOf are the defaults of the file, and the given values in their place.
func parametersOf(declared *yaml.Node, given map[string]string) (map[string]parameter, error) {
	out := map[string]parameter{}
	known := map[string]bool{}
	var names []string
	for name, value := range pairs(declared) {
		known[name] = true
		names = append(names, foreign.Quote(name))
		if preset := field(value, "default"); preset != nil {
			var decoded any
			if err := preset.Decode(&decoded); err != nil {
				return nil, fmt.Errorf("line %d: parameter %s: invalid default", preset.Line, foreign.Quote(name))
			}
			out[name] = newParameter(decoded)
		}
	}
	for name, value := range given {
		if !known[name] {
			return nil, fmt.Errorf("parameter %s: not declared in the file\nHint: its parameters are %s", foreign.Quote(name), listed(names))
		}
		out[name] = newParameter(value)
	}
	return out, nil
}

// maxNodes limits the lists, maps and texts of a part. workflowfile.Read accepts more: it keeps
// no tree of them.
const maxNodes = 100_000

// newPart is a part of a step; nil without one. The text of relay-core's error could quote
// the file, so workflowfile.Read has reported what it would refuse.
func newPart(name string, node *yaml.Node) (*part, error) {
	if node == nil || node.ShortTag() == "!!null" {
		return nil, nil
	}
	if left := maxNodes; !within(node, &left) {
		return nil, fmt.Errorf("line %d: %s has more than %d elements with its aliases expanded", node.Line, name, maxNodes)
	}
	lines := copyOf(node) // relay-core replaces tagged nodes
	tree, err := parse.ParseYAMLNode(node)
	if err != nil {
		return nil, fmt.Errorf("line %d: invalid %s: Relay cannot read it", lines.Line, name)
	}
	return &part{name: name, tree: tree, node: lines}, nil
}

// checkEnv rejects an env whose names cannot be variables.
func (s *Step) checkEnv() error {
	if s.env == nil {
		return nil
	}
	variables, is := s.env.tree.(map[string]any)
	if !is {
		return s.at(s.env.node.Line, "env", errors.New("must be a map of variables"))
	}
	var errs []error
	for name := range variables {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			errs = append(errs, s.at(s.env.node.Line, "env", errors.New("invalid variable name "+foreign.Quote(name))))
		}
	}
	return errors.Join(errs...)
}

// at is an error at a line of the file.
func (s *Step) at(line int, where string, cause error) error {
	return fmt.Errorf("%s:%d: step %s: %s: %w", conffile.Display(s.File), line, foreign.Quote(s.Name), foreign.Short(where), cause)
}
