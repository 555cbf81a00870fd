// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/puppetlabs/leg/encoding/transfer"
	"github.com/puppetlabs/relay-core/pkg/expr/evaluate"
	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/parse"
	"github.com/puppetlabs/relay-core/pkg/expr/query"
	"github.com/puppetlabs/relay-core/pkg/manager/resolve"
	"github.com/puppetlabs/relay-core/pkg/manager/vault"
)

// printed returns the output of "ni get -p" in the first step of a workflow. It does the
// same as GetSpec of the metadata API, which evaluates the query on the spec. ni prints
// the value of the JSON response without a newline. If the API refuses to evaluate the
// query, ni prints nothing and succeeds.
func printed(ctx context.Context, kv *vault.KVV2Client, secretPath, workflow, path string) (response, error) {
	spec, err := firstSpec(workflow)
	if err != nil {
		return response{}, err
	}
	evaluator := evaluate.NewEvaluator(evaluate.WithSecretTypeResolver{
		SecretTypeResolver: resolve.NewSecretTypeResolver(vault.NewSecretManager(kv.In(secretPath))),
	})
	result, err := query.EvaluateQuery(ctx, evaluator, query.JSONPathTemplateLanguage, spec, path)
	if err != nil {
		return response{Refused: err.Error()}, nil
	}
	body, err := json.Marshal(model.NewJSONResultEnvelope(result))
	if err != nil {
		return response{}, err
	}
	var sent struct {
		Value transfer.JSONInterface `json:"value"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return response{}, err
	}
	return response{Printed: []byte(fmt.Sprint(sent.Value.Data))}, nil
}

func firstSpec(workflow string) (parse.Tree, error) {
	tree, err := parse.ParseYAML(strings.NewReader(workflow))
	if err != nil {
		return nil, err
	}
	object, _ := tree.(map[string]any)
	steps, _ := object["steps"].([]any)
	if len(steps) == 0 {
		return nil, errors.New("the workflow has no steps")
	}
	step, _ := steps[0].(map[string]any)
	return step["spec"], nil
}
