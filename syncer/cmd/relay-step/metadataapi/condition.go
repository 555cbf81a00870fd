// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// Condition is the state of the step's when.
type Condition struct {
	Resolved bool   `json:"resolved"`
	Success  bool   `json:"success"`
	Message  string `json:"message"`
}

// errCondition is Relay's error for a when of another type.
var errCondition = errors.New("a condition must be true or false, or a list of these")

// Condition evaluates the step's when, as Relay does: one false condition decides, even if
// others do not resolve.
func (s *Step) Condition(ctx context.Context, values *Values) (Condition, error) {
	if s.when == nil {
		return Condition{Resolved: true, Success: true}, nil
	}
	result, err := s.evaluate(ctx, values, newOutputs(s.Name), s.when.tree)
	if err != nil {
		return Condition{}, s.at(s.when.node.Line, s.when.name, errEvaluation)
	}
	conditions, isList := result.Value.([]any)
	if !isList {
		conditions = []any{result.Value}
	}
	for _, one := range conditions {
		holds, is := one.(bool)
		switch {
		case !is && result.Complete():
			return Condition{}, s.at(s.when.node.Line, s.when.name, errCondition)
		case is && !holds:
			return Condition{Resolved: true, Message: "one or more conditions failed"}, nil
		}
	}
	if !result.Complete() {
		return Condition{Message: "unresolvable_error: the conditions of step " + foreign.Quote(s.Name) + " do not resolve"}, nil
	}
	return Condition{Resolved: true, Success: true, Message: "all checks passed"}, nil
}
