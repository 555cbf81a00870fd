// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"errors"

	"github.com/puppetlabs/relay-core/pkg/expr/evaluate"
	"github.com/puppetlabs/relay-core/pkg/expr/model"

	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// maxEvaluated limits the secrets, parameters and outputs in the result of one evaluation, in
// bytes. A workflow file of 1 MiB can name a value of 1 MiB 80,000 times.
const maxEvaluated = 16 << 20

// ErrTooLarge: the step would be larger than the limit with its values.
var ErrTooLarge = errors.New("larger than 16 MiB with its values")

// resolver gives values to relay-core's evaluator, and notes what is missing in Values.
// Relay's interfaces of secrets, connections, outputs and parameters are its methods; the
// error types are what relay-core takes for unresolved.
type resolver struct {
	values     *Values
	parameters map[string]parameter
	outputs    *outputs
	asked      request
	used       int
	tooLarge   bool
}

func (s *Step) resolver(values *Values, out *outputs) *resolver {
	return &resolver{
		values: values, parameters: s.parameters, outputs: out,
		asked: request{secrets: map[string]bool{}, connections: map[connection]bool{}, types: map[string]bool{}},
	}
}

// evaluator evaluates with the values of the resolver.
func (r *resolver) evaluator() model.Evaluator {
	return evaluate.NewEvaluator(
		evaluate.WithSecretTypeResolver{SecretTypeResolver: r},
		evaluate.WithConnectionTypeResolver{ConnectionTypeResolver: r},
		evaluate.WithParameterTypeResolver{ParameterTypeResolver: r},
		evaluate.WithOutputTypeResolver{OutputTypeResolver: r},
		evaluate.WithDataTypeResolver{Name: "steps", DataTypeResolver: otherSteps{}},
	)
}

// take counts the bytes of a value, and fails if the result would be too large with it.
func (r *resolver) take(size int) error {
	if r.used += size; r.used > maxEvaluated {
		r.tooLarge = true
		return ErrTooLarge
	}
	return nil
}

func (r *resolver) plain(value step.Value) (string, error) {
	text := value.Plain()
	return text, r.take(len(text))
}

func (r *resolver) ResolveSecret(_ context.Context, name string) (string, error) {
	if value, is := r.values.secrets[name]; is {
		return r.plain(value)
	}
	if name != "" && r.values.missing[name] == nil && !r.values.allSecrets { // "" is another one's name that does not resolve
		r.asked.secrets[name] = true
	}
	return "", &model.SecretNotFoundError{Name: name}
}

func (r *resolver) ResolveAllSecrets(context.Context) (map[string]string, error) {
	if !r.values.allSecrets {
		r.asked.allSecrets = true
		return nil, nil
	}
	out := map[string]string{}
	for name, value := range r.values.secrets {
		text, err := r.plain(value)
		if err != nil {
			return nil, err
		}
		out[name] = text
	}
	return out, nil
}

func (r *resolver) ResolveConnection(_ context.Context, kind, name string) (any, error) {
	id := connection{kind, name}
	if fields, is := r.values.connections[id]; is {
		return r.fields(fields)
	}
	if kind != "" && name != "" && r.values.missingConnections[id] == nil && !r.values.allOfType[kind] && !r.values.allOfType[""] {
		r.asked.connections[id] = true
	}
	return nil, &model.ConnectionNotFoundError{Type: kind, Name: name}
}

func (r *resolver) ResolveTypeOfConnections(_ context.Context, kind string) (map[string]any, error) {
	if !r.values.allOfType[kind] && !r.values.allOfType[""] {
		r.asked.types[kind] = true
		return nil, nil
	}
	out := map[string]any{}
	for id, fields := range r.values.connections {
		if id.kind != kind {
			continue
		}
		found, err := r.fields(fields)
		if err != nil {
			return nil, err
		}
		out[id.name] = found
	}
	return out, nil
}

func (r *resolver) ResolveAllConnections(ctx context.Context) (map[string]map[string]any, error) {
	if !r.values.allOfType[""] {
		r.asked.types[""] = true
		return nil, nil
	}
	out := map[string]map[string]any{}
	for id := range r.values.connections {
		if out[id.kind] != nil {
			continue
		}
		of, err := r.ResolveTypeOfConnections(ctx, id.kind)
		if err != nil {
			return nil, err
		}
		out[id.kind] = of
	}
	return out, nil
}

func (r *resolver) fields(fields []step.Secret) (map[string]any, error) {
	out := map[string]any{}
	for _, field := range fields {
		text, err := r.plain(field.Value)
		if err != nil {
			return nil, err
		}
		out[field.Name] = text
	}
	return out, nil
}

func (r *resolver) ResolveAllParameters(context.Context) (map[string]any, error) {
	out := map[string]any{}
	for name, p := range r.parameters {
		if err := r.take(p.size); err != nil {
			return nil, err
		}
		out[name] = p.value
	}
	return out, nil
}

func (r *resolver) ResolveParameter(_ context.Context, name string) (any, error) {
	p, is := r.parameters[name]
	if !is {
		return nil, &model.ParameterNotFoundError{Name: name}
	}
	return p.value, r.take(p.size)
}

func (r *resolver) ResolveOutput(_ context.Context, from, name string) (any, error) {
	found, is := r.outputs.get(from, name)
	if !is {
		return nil, &model.OutputNotFoundError{From: from, Name: name}
	}
	return found.value, r.take(found.size)
}

func (r *resolver) ResolveStepOutputs(_ context.Context, from string) (map[string]any, error) {
	out := map[string]any{}
	for name, one := range r.outputs.all(from) {
		if err := r.take(one.size); err != nil {
			return nil, err
		}
		out[name] = one.value
	}
	return out, nil
}

func (r *resolver) ResolveAllOutputs(ctx context.Context) (map[string]map[string]any, error) {
	own, err := r.ResolveStepOutputs(ctx, r.outputs.step)
	if len(own) == 0 || err != nil {
		return nil, err
	}
	return map[string]map[string]any{r.outputs.step: own}, nil
}

// otherSteps is the outcome of other steps (steps.'name'.succeeded), which relay-step does not
// know.
type otherSteps struct{}

func (otherSteps) ResolveData(context.Context) (any, error) {
	return nil, &model.DataNotFoundError{Name: "steps"}
}
