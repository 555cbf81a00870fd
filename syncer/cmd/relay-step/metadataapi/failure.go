// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"encoding/json"
	"net/http"
)

// failure is an error of Relay's metadata API (relay-core, pkg/metadataapi/errors).
type failure struct {
	status                     int
	section, name, title, text string
}

var (
	malformed       = failure{http.StatusUnprocessableEntity, "api", "malformed_request_error", "Malformed request", "The request body you provided could not be deserialized."}
	unknownMedia    = failure{http.StatusUnprocessableEntity, "api", "unknown_request_media_type_error", "Unknown media type", "The request body has an unsupported media type."}
	notFound        = failure{http.StatusNotFound, "model", "not_found_error", "Not found", "The resource you requested does not exist."}
	notAuthorized   = failure{http.StatusForbidden, "model", "authorization_error", "Unauthorized", "You are not authorized to access this resource."}
	notRead         = failure{http.StatusInternalServerError, "model", "read_error", "Read error", "We could not read this resource."}
	notWritten      = failure{http.StatusInternalServerError, "model", "write_error", "Write error", "We could not persist this resource."}
	notEvaluated    = failure{http.StatusUnprocessableEntity, "expression", "evaluation_error", "Evaluation error", "We could not evaluate this resource expression."}
	unknownLanguage = failure{http.StatusUnprocessableEntity, "expression", "unsupported_language_error", "Unsupported query language", "We don't know the query language."}
	wrongCondition  = failure{http.StatusUnprocessableEntity, "condition", "type_error", "Type error", "A condition must evaluate to a single boolean value or a list of boolean values."}
)

// because is the failure with a cause of relay-step. It must not contain a value.
func (f failure) because(cause string) failure {
	f.text += " " + cause
	return f
}

// write writes the failure in Relay's envelope.
func (f failure) write(w http.ResponseWriter) {
	text := map[string]string{"friendly": f.text, "technical": f.text}
	writeJSON(w, f.status, map[string]any{"error": map[string]any{
		"domain": "rma", "section": f.section, "code": "rma_" + f.section + "_" + f.name, "title": f.title,
		"description": text, "formatted": text,
	}})
}

// writeJSON writes an object as Relay's servers do.
func writeJSON(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object) // the step has closed the connection
}

func notFoundHere(w http.ResponseWriter, _ *http.Request) { notFound.write(w) }

// unsupported answers for what a job without Relay's service does not have.
func unsupported(what string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		notWritten.because("relay-step does not support " + what + ".").write(w)
	}
}
