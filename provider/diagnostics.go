// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// addProblem turns an error of the client into a diagnostic: what was attempted,
// what is wrong and what to do, at the attribute that it is about.
func report(diagnostics *diag.Diagnostics, attempted string, err error) {
	switch detail := sentence(err.Error()); {
	case errors.Is(err, secrets.ErrNotOwner):
		diagnostics.AddAttributeError(path.Root("name"), attempted, detail+adoptHint)
	case errors.Is(err, secrets.ErrCanRead):
		diagnostics.AddError(attempted, detail+"\n\nThe provider's require_write_only is \"error\", so nothing is written with such a token.")
	case errors.Is(err, secrets.ErrInvalid):
		diagnostics.AddAttributeError(path.Root("value_wo"), attempted, detail)
	default:
		diagnostics.AddError(attempted, detail)
	}
}

const adoptHint = "\n\nSet adopt = true for one apply to take it over, which writes the value of this configuration over it."

// sentence makes the text of an error one: errors are lower-case and without a
// full stop, so that they can be joined.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "}") {
		text += "."
	}
	return text
}

// warnings collects what the client wants a person to know, each text once.
type warningLog struct {
	mu      sync.Mutex
	pending []string
	seen    []string
}

func (n *warningLog) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.seen, text) {
		n.seen = append(n.seen, text)
		n.pending = append(n.pending, text)
	}
}

// drain hands over what came in since the last time.
func (n *warningLog) drain(diagnostics *diag.Diagnostics) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.pending {
		diagnostics.AddWarning("Note on Vault", sentence(text))
	}
	n.pending = nil
}
