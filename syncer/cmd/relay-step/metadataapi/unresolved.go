// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/puppetlabs/relay-core/pkg/expr/model"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// Why something does not resolve, beside the errors of package step.
var (
	errNotFound   = errors.New("not found")
	errParameter  = errors.New("not found\nHint: declare it in the file, with a default or with a value by --parameter")
	errOutput     = errors.New("not found: relay-step has the outputs of this step only")
	errOutcome    = errors.New("relay-step does not know the outcome of other steps")
	errArguments  = errors.New("invalid arguments")
	errEvaluation = errors.New("Relay cannot evaluate the expression with these values")
)

// Unresolved is everything that does not resolve in the spec, env and when of the step, in
// the order of the file; nil for nothing.
func (s *Step) Unresolved(ctx context.Context, values *Values) error {
	r := s.resolver(values, newOutputs(s.Name))
	evaluator := r.evaluator()
	units := s.units()
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.line(), b.line()) })
	var errs []error
	for _, u := range units {
		result, err := model.EvaluateAll(ctx, evaluator, u.tree)
		switch {
		case r.tooLarge:
			return errors.Join(append(errs, s.at(u.line(), u.where(), ErrTooLarge))...)
		case err != nil:
			// The error of relay-core could contain a value.
			errs = append(errs, s.at(u.line(), u.where(), errEvaluation))
		case !result.Complete():
			for _, cause := range s.causes(ctx, u, result.Unresolvable, values) {
				errs = append(errs, s.at(u.line(), u.where(), cause))
			}
		}
	}
	return errors.Join(errs...)
}

// target is what a part of an expression names: a secret, a connection, ...
type target struct{ kind, group, name string }

func (t target) String() string {
	return t.kind + " " + foreign.Quote(strings.TrimPrefix(t.group+"/"+t.name, "/"))
}

// causes are why a unit is not resolved. A name that the unit has only with values was made of
// one, and is not shown.
func (s *Step) causes(ctx context.Context, u unit, missing model.Unresolvable, values *Values) []error {
	var named []target
	if result, err := model.EvaluateAll(ctx, s.resolver(newValues(), newOutputs(s.Name)).evaluator(), u.tree); err == nil {
		named = targets(result.Unresolvable)
	}
	var out []error
	for _, t := range targets(missing) {
		cause := values.because(t)
		switch {
		case t.kind == "data":
			out = append(out, cause)
		case !slices.Contains(named, t):
			out = append(out, fmt.Errorf("%s with a name that is known only at run time: %w", t.kind, errNotFound))
		case step.IsMissing(cause): // has the name
			out = append(out, cause)
		default:
			out = append(out, fmt.Errorf("%s: %w", t, cause))
		}
	}
	return out
}

// targets are what an evaluation did not resolve.
func targets(u model.Unresolvable) []target {
	var out []target
	for _, of := range u.Secrets {
		out = append(out, target{"secret", "", of.Name})
	}
	for _, of := range u.Connections {
		out = append(out, target{"connection", of.Type, of.Name})
	}
	for _, of := range u.Parameters {
		out = append(out, target{"parameter", "", of.Name})
	}
	for _, of := range u.Outputs {
		out = append(out, target{"output", of.From, of.Name})
	}
	for _, of := range u.Data {
		out = append(out, target{"data", "", of.Name})
	}
	for _, of := range u.Answers {
		out = append(out, target{"answer", of.AskRef, of.Name})
	}
	for _, of := range u.Invocations {
		out = append(out, target{"function", "", of.Name})
	}
	return out
}

// because is why a target is missing.
func (v *Values) because(t target) error {
	switch t.kind {
	case "secret":
		return cmp.Or(v.missing[t.name], errNotFound)
	case "connection":
		return cmp.Or(v.missingConnections[connection{t.group, t.name}], errNotFound)
	case "parameter":
		return errParameter
	case "output":
		return errOutput
	case "data":
		return errOutcome
	case "function":
		return errArguments
	}
	return errNotFound
}
