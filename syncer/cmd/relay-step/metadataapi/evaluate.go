// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/parse"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// maxChain limits how many secrets can each name the next one (secrets[secrets.name]).
const maxChain = 10

// Read reads what the expressions of the step use, and no more. The error is Vault's: what is
// missing is in the Values, and Unresolved reports it.
func (s *Step) Read(ctx context.Context, from *step.Reader) (*Values, error) {
	values := newValues()
	units := s.units()
	for link := range maxChain {
		r := s.resolver(values, newOutputs(s.Name))
		evaluator := r.evaluator()
		for _, u := range units {
			r.used = 0
			_, _ = model.EvaluateAll(ctx, evaluator, u.tree) // Unresolved reports errors
		}
		if r.asked.empty() {
			return values, nil
		}
		read := values.read
		if link > 0 {
			read = values.readMade
		}
		if err := read(ctx, from, &r.asked); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: step %s: secrets name each other more than %d times", foreign.Line(s.File), foreign.Quote(s.Name), maxChain)
}

// evaluate evaluates a tree with the values.
func (s *Step) evaluate(ctx context.Context, values *Values, out *outputs, tree parse.Tree) (*model.Result, error) {
	r := s.resolver(values, out)
	result, err := model.EvaluateAll(ctx, r.evaluator(), tree)
	if r.tooLarge {
		return nil, ErrTooLarge
	}
	return result, err
}

// Variable is a variable of the step's env.
type Variable struct{ Name, Value string }

// Environment are the variables of the step's env, sorted by name. Texts are as they are,
// other values as JSON, and null is empty. A variable that does not resolve is left out.
func (s *Step) Environment(ctx context.Context, values *Values) ([]Variable, error) {
	if s.env == nil {
		return nil, nil
	}
	trees, _ := s.env.tree.(map[string]any)
	var out []Variable
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		result, err := s.evaluate(ctx, values, newOutputs(s.Name), trees[name])
		if err != nil || !result.Complete() {
			continue // Unresolved has reported it
		}
		out = append(out, Variable{name, variableText(result.Value)})
	}
	return out, nil
}

// variableText is a value as the text of a variable.
func variableText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	text := strings.TrimSuffix(out.String(), "\n")
	var quoted string
	if json.Unmarshal([]byte(text), &quoted) == nil { // a time
		return quoted
	}
	return text
}
