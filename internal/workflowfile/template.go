// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"fmt"
	"slices"
	"strings"
)

// template is one ${...} in a text.
type template struct {
	offset int
	parsed
	// err is the parse error; a template with an error is the last one.
	err error
}

// Limits of a text: Relay's own parser needs a time that is the square of both.
const (
	maxExpressionBytes = 16 << 10
	maxTemplates       = 10_000
)

// parseTemplates parses all ${...} of a text. A $ escapes the character behind it, so
// that $${a} is text.
func parseTemplates(text string) []template {
	var out []template
	for at := 0; ; {
		dollar := strings.IndexByte(text[at:], '$')
		if dollar < 0 || at+dollar+1 >= len(text) {
			return out
		}
		at += dollar
		if text[at+1] != '{' {
			at += 2 // possibly inside a multi-byte character, which contains no $
			continue
		}
		rest := text[at+2:]
		parsed, length, err := parseExpression(rest[:min(len(rest), maxExpressionBytes)])
		switch {
		case len(out) == maxTemplates:
			err = fmt.Errorf("more than %d of them in one text", maxTemplates)
		case err != nil && len(rest) > maxExpressionBytes && !strings.Contains(rest[:maxExpressionBytes], "}"):
			err = fmt.Errorf("longer than %d bytes", maxExpressionBytes)
		}
		out = append(out, template{at, parsed, err})
		if err != nil {
			return out
		}
		at += 2 + length
	}
}

// probe finds templates in a text that Relay does not resolve, such as a script, where
// most ${...} are not templates. It returns only short ones without a parse error.
func probe(text string) []template {
	const most = 256
	var out []template
	for at := 0; ; {
		found := strings.Index(text[at:], "${")
		if found < 0 {
			return out
		}
		at += found
		window := text[at+2 : min(len(text), at+2+most)]
		if strings.Contains(window, "secrets") || strings.Contains(window, "connections") {
			if parsed, _, err := parseExpression(window); err == nil {
				out = append(out, template{offset: at, parsed: parsed})
			}
		}
		at += 2
	}
}

// roots and functions list the names and functions that a template in a step may use.
// Any other name fails the step.
var (
	roots     = []string{"connections", "outputs", "parameters", "secrets", "steps"}
	functions = []string{
		"append", "coalesce", "concat", "convertMarkdown", "equals", "exists", "jsonMarshal",
		"jsonUnmarshal", "merge", "notEquals", "now", "path", "toString",
	}
)

// callFault returns the problem with a call; "" for none.
func callFault(function string) string {
	if slices.Contains(functions, function) {
		return ""
	}
	return fmt.Sprintf("unknown function %q; Relay has %s", cut(function), strings.Join(functions, ", "))
}

// uses returns the references of a path, and the problem with it; "" for none.
func (a access) uses() (refs []Reference, fault string) {
	switch {
	case len(a.keys) == 0:
		return []Reference{{Kind: Secret, All: true}, {Kind: Connection, All: true}}, ""
	case !a.keys[0].known:
		return []Reference{{Kind: Secret, Dynamic: true}, {Kind: Connection, Dynamic: true}}, ""
	case a.keys[0].text == "secrets":
		ref, fault := a.secret()
		return []Reference{ref}, fault
	case a.keys[0].text == "connections":
		return []Reference{a.connection()}, ""
	case slices.Contains(roots, a.keys[0].text):
		return nil, ""
	}
	return nil, fmt.Sprintf("unknown name %q; Relay has %s here", cut(a.keys[0].text), strings.Join(roots, ", "))
}

func (a access) secret() (ref Reference, fault string) {
	ref = Reference{Kind: Secret, Optional: a.optional}
	switch {
	case len(a.keys) == 1:
		ref.All = true
	case !a.keys[1].known:
		ref.Dynamic = true
	default:
		ref.Name = a.keys[1].text
	}
	if len(a.keys) < 3 {
		return ref, ""
	}
	fault = "a secret is one string and has no fields"
	if a.keys[1].known && a.keys[2].known {
		name := a.keys[1].text + "." + a.keys[2].text
		fault += fmt.Sprintf("; for the secret %q write secrets.%s", cut(name), quoteKey(name))
	}
	return ref, fault
}

func (a access) connection() Reference {
	ref := Reference{Kind: Connection, Optional: a.optional}
	switch {
	case len(a.keys) == 1:
		ref.All = true
		return ref
	case a.keys[1].known:
		ref.Type = a.keys[1].text
	default:
		ref.Dynamic = true
	}
	switch {
	case len(a.keys) == 2:
		ref.All = !ref.Dynamic
	case !a.keys[2].known:
		ref.Dynamic = true
	default:
		ref.Name = a.keys[2].text
	}
	return ref
}
