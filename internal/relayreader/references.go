// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"slices"
	"strings"

	"github.com/puppetlabs/relay-core/pkg/expr/evaluate"
	"github.com/puppetlabs/relay-core/pkg/expr/fn"
	"github.com/puppetlabs/relay-core/pkg/expr/fnlib"
	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/parse"
)

// references evaluates the parts of a workflow file that Relay resolves, without any
// secret or connection. So all references are missing; it returns them as "secret name"
// and "connection type/name", sorted.
func references(ctx context.Context, text string) ([]string, error) {
	tree, err := parse.ParseYAML(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var found []string
	evaluator := evaluate.NewEvaluator(evaluate.WithFunctionMap{Map: fn.Map(fnlib.Library())})
	for _, part := range resolved(tree) {
		result, err := model.EvaluateAll(ctx, evaluator, part)
		if err != nil {
			return nil, err
		}
		for _, s := range result.Unresolvable.Secrets {
			found = append(found, "secret "+s.Name)
		}
		for _, c := range result.Unresolvable.Connections {
			found = append(found, "connection "+c.Type+"/"+c.Name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// resolved returns the parts of a workflow that Relay resolves.
func resolved(tree parse.Tree) []parse.Tree {
	var parts []parse.Tree
	add := func(from any, names ...string) {
		object, _ := from.(map[string]any)
		for _, name := range names {
			if part, found := object[name]; found {
				parts = append(parts, part)
			}
		}
	}
	workflow, _ := tree.(map[string]any)
	steps, _ := workflow["steps"].([]any)
	for _, step := range steps {
		add(step, "spec", "env", "when")
	}
	triggers, _ := workflow["triggers"].([]any)
	for _, trigger := range triggers {
		if object, is := trigger.(map[string]any); is {
			add(object["source"], "spec", "env")
		}
	}
	return parts
}
