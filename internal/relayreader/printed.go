// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/parse"
	"github.com/puppetlabs/relay-core/pkg/expr/query"
)

// printed returns the output of "ni get -p" in the first step of a workflow. It does the
// same as GetSpec of the metadata API, which evaluates the query on the spec. ni prints
// the value of the JSON response without a newline. If the API refuses to evaluate the
// query, ni prints nothing and succeeds.
func printed(ctx context.Context, evaluator model.Evaluator, workflow, path string) (response, error) {
	spec, err := firstSpec(workflow)
	if err != nil {
		return response{}, err
	}
	result, err := query.EvaluateQuery(ctx, evaluator, query.JSONPathTemplateLanguage, spec, path)
	if err != nil {
		return response{Refused: err.Error()}, nil
	}
	value, _, err := received(result)
	return response{Printed: []byte(fmt.Sprint(value))}, err
}

func firstSpec(workflow string) (parse.Tree, error) {
	all, err := stepsOf(workflow)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("the workflow has no steps")
	}
	return all[0]["spec"], nil
}
