// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// mediaType is that of every response, as of Relay's API.
const mediaType = "application/vnd.puppet.relay.v20200615+json"

// The parts of the code of an error: Relay's are domain_section_name.
const (
	errorDomain  = "relay_sync"
	errorSection = "api"
)

// envelope is an error in Relay's form.
type envelope struct {
	Domain  string `json:"domain"`
	Section string `json:"section"`
	Code    string `json:"code"`
	Title   string `json:"title"`
	// Description are templates, Formatted is their text. Relay's command line reads the
	// first, other clients read the second.
	Description description `json:"description"`
	// Items are the fields that are invalid.
	Items     map[string]envelope `json:"items,omitempty"`
	Formatted description         `json:"formatted"`
}

type description struct {
	Friendly  string `json:"friendly"`
	Technical string `json:"technical"`
}

// envelope is the error in Relay's form.
func (e *failure) envelope() envelope {
	out := newEnvelope(e.kind, e.text)
	for field, text := range e.fields {
		if out.Items == nil {
			out.Items = map[string]envelope{}
		}
		item := newEnvelope(invalidField, text)
		// Relay's command line prints the field directly before the text.
		item.Description = description{": " + item.Description.Friendly, ": " + item.Description.Technical}
		out.Items[field] = item
	}
	return out
}

func newEnvelope(k kind, text string) envelope {
	text = foreign.Lines(text)
	return envelope{
		Domain: errorDomain, Section: errorSection, Code: errorDomain + "_" + errorSection + "_" + k.code, Title: k.title,
		Description: description{literal(text), literal(text)},
		Formatted:   description{text, text},
	}
}

// literal is a template that has the text, without variables: a name in it can have the
// braces of a variable. An argument would be more exact, but Relay's Go client before 0.5
// cannot decode an argument that is a string.
func literal(text string) string {
	for strings.Contains(text, "{{") {
		text = strings.ReplaceAll(text, "{{", "{ {")
	}
	return text
}

// fail answers with an error.
func fail(w http.ResponseWriter, e *failure) {
	if e.retryAfter != "" {
		w.Header().Set("Retry-After", e.retryAfter)
	}
	if e.allow != nil {
		w.Header().Set("Allow", strings.Join(e.allow, ", "))
	}
	if e.kind == authentication {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	reply(w, e.kind.status, map[string]envelope{"error": e.envelope()})
}

// reply answers with a JSON document and a newline.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client is gone
}
