// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/puppetlabs/leg/encoding/transfer"
	"github.com/puppetlabs/relay-core/pkg/expr/model"
	"github.com/puppetlabs/relay-core/pkg/expr/query"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// languages are the query languages of /spec, by the parameter lang.
var languages = map[string]query.Language{
	"": query.PathLanguage(), "path": query.PathLanguage(), "path-template": query.PathTemplateLanguage(),
	"jsonpath": query.JSONPathLanguage, "jsonpath-template": query.JSONPathTemplateLanguage,
}

func (s *Server) getSpec(w http.ResponseWriter, r *http.Request) {
	language, known := languages[r.URL.Query().Get("lang")]
	if !known {
		unknownLanguage.write(w)
		return
	}
	result, err := s.step.evaluate(r.Context(), s.values, s.outputs, s.step.spec.orEmpty())
	if q := r.URL.Query().Get("q"); q != "" && err == nil {
		result, err = s.query(r.Context(), language, q, result)
	}
	if err != nil { // its text could contain a value
		notEvaluated.write(w)
		return
	}
	writeJSON(w, http.StatusOK, model.NewJSONResultEnvelope(result))
}

// query finds a part of the spec. Relay resolves the ${...} of a value, too, if the language is
// JSONPath; here a value is final in each language.
func (s *Server) query(ctx context.Context, language query.Language, q string, spec *model.Result) (*model.Result, error) {
	evaluator := model.DefaultEvaluator
	if !spec.Complete() { // what is left of the expressions resolves to nothing
		evaluator = s.step.resolver(newValues(), s.outputs).evaluator()
	}
	return query.EvaluateQuery(ctx, evaluator, language, spec.Value, q)
}

func (s *Server) getEnvironment(w http.ResponseWriter, r *http.Request) {
	result, err := s.step.evaluate(r.Context(), s.values, s.outputs, s.step.env.orEmpty())
	if err != nil {
		notEvaluated.write(w)
		return
	}
	writeJSON(w, http.StatusOK, model.NewJSONResultEnvelope(result))
}

// variable is the answer for one variable. Relay's own has Value, of Go's type; its clients in
// Go accept both.
type variable struct {
	Value transfer.JSONInterface
	Lower transfer.JSONInterface `json:"value"`
}

func (s *Server) getVariable(w http.ResponseWriter, r *http.Request) {
	var trees map[string]any
	if s.step.env != nil {
		trees, _ = s.step.env.tree.(map[string]any)
	}
	tree, is := trees[segment(r, 1)]
	if !is {
		notFound.write(w)
		return
	}
	result, err := s.step.evaluate(r.Context(), s.values, s.outputs, tree)
	if err != nil {
		notEvaluated.write(w)
		return
	}
	value := transfer.JSONInterface{Data: result.Value}
	writeJSON(w, http.StatusOK, variable{value, value})
}

func (s *Server) getConditions(w http.ResponseWriter, r *http.Request) {
	condition, err := s.step.Condition(r.Context(), s.values)
	switch {
	case errors.Is(err, errCondition):
		wrongCondition.write(w)
	case err != nil:
		notEvaluated.write(w)
	default:
		writeJSON(w, http.StatusOK, condition)
	}
}

func (s *Server) getSecret(w http.ResponseWriter, r *http.Request) {
	name := segment(r, 1)
	value, err := s.secret(r.Context(), name)
	switch {
	case errors.Is(err, kv.ErrPermissionDenied):
		notAuthorized.because(err.Error()).write(w)
	case step.IsMissing(err):
		notFound.because(err.Error()).write(w)
	case err != nil:
		notRead.because(err.Error()).write(w)
	default:
		encoded, _ := transfer.EncodeJSON([]byte(value.Plain())) // never fails
		writeJSON(w, http.StatusOK, struct {
			Key   string             `json:"key"`
			Value transfer.JSONOrStr `json:"value"`
		}{name, encoded})
	}
}

// secret is a secret of the workflow: one that was read, or another.
func (s *Server) secret(ctx context.Context, name string) (step.Value, error) {
	if value, is := s.values.secrets[name]; is {
		return value, nil
	}
	if err := s.values.missing[name]; err != nil {
		return step.Value{}, err
	}
	return s.other(ctx, name)
}
