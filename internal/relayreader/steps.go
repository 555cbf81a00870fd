// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/puppetlabs/leg/encoding/transfer"
	"github.com/puppetlabs/relay-core/pkg/expr/evaluate"
	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/parse"
	"github.com/puppetlabs/relay-core/pkg/manager/resolve"
	"github.com/puppetlabs/relay-core/pkg/manager/vault"
)

// step is what a step receives: its name, and each value of its spec and env by path,
// such as "spec.aws.connection.accessKeyID". Complete is false if Relay could not
// resolve a reference.
type step struct {
	Name     string            `json:"name"`
	Values   map[string][]byte `json:"values"`
	Complete bool              `json:"complete"`
}

// steps evaluates the spec and the env of each step of a workflow, as GetSpec and
// GetEnvironment of the metadata API do. Relay's error in one of them ends it: the step
// then receives nothing.
func steps(ctx context.Context, evaluator model.Evaluator, workflow string) (response, error) {
	all, err := stepsOf(workflow)
	if err != nil {
		return response{}, err
	}
	var out []step
	for _, of := range all {
		found := step{Name: fmt.Sprint(of["name"]), Values: map[string][]byte{}, Complete: true}
		for _, part := range []string{"spec", "env"} {
			if of[part] == nil {
				continue
			}
			result, err := model.EvaluateAll(ctx, evaluator, of[part])
			if err != nil {
				return response{Refused: err.Error()}, nil
			}
			value, complete, err := received(result)
			if err != nil {
				return response{}, err
			}
			flatten(found.Values, part, value)
			found.Complete = found.Complete && complete
		}
		out = append(out, found)
	}
	return response{Steps: out}, nil
}

// evaluator resolves the secrets and connections of these paths.
func evaluator(kv *vault.KVV2Client, secretPath, connectionPath string) model.Evaluator {
	return evaluate.NewEvaluator(
		evaluate.WithSecretTypeResolver{SecretTypeResolver: resolve.NewSecretTypeResolver(vault.NewSecretManager(kv.In(secretPath)))},
		evaluate.WithConnectionTypeResolver{ConnectionTypeResolver: resolve.NewConnectionTypeResolver(vault.NewConnectionManager(kv.In(connectionPath)))},
	)
}

// received sends a result through the JSON of the metadata API and of its clients.
func received(result *model.Result) (value any, complete bool, err error) {
	body, err := json.Marshal(model.NewJSONResultEnvelope(result))
	if err != nil {
		return nil, false, err
	}
	var sent struct {
		Value    transfer.JSONInterface `json:"value"`
		Complete bool                   `json:"complete"`
	}
	err = json.Unmarshal(body, &sent)
	return sent.Value.Data, sent.Complete, err
}

func stepsOf(workflow string) ([]map[string]any, error) {
	tree, err := parse.ParseYAML(strings.NewReader(workflow))
	if err != nil {
		return nil, err
	}
	object, _ := tree.(map[string]any)
	list, _ := object["steps"].([]any)
	var out []map[string]any
	for _, one := range list {
		if s, is := one.(map[string]any); is {
			out = append(out, s)
		}
	}
	return out, nil
}

// flatten adds the leaves of a value by path.
func flatten(into map[string][]byte, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			flatten(into, path+"."+name, inner)
		}
	case []any:
		for i, inner := range value {
			flatten(into, fmt.Sprintf("%s.%d", path, i), inner)
		}
	default:
		into[path] = []byte(fmt.Sprint(value))
	}
}
