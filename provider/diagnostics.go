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

// report reports an error of the client. The summary is the operation that failed;
// the detail is the cause and what to do.
func report(diagnostics *diag.Diagnostics, summary string, err error) {
	switch detail := sentence(err.Error()); {
	case errors.Is(err, secrets.ErrNotOwner):
		diagnostics.AddAttributeError(path.Root("name"), summary, withAdoptHint(detail, err))
	case errors.Is(err, secrets.ErrCanRead):
		diagnostics.AddError(summary, detail+"\n\nNothing is written, because the provider's require_write_only is \"error\".")
	case errors.Is(err, secrets.ErrInvalid):
		// Not at the value: the host prints the line of the attribute.
		diagnostics.AddAttributeError(path.Root("name"), summary, detail)
	default:
		diagnostics.AddError(summary, detail)
	}
}

// sentence turns the text of a Go error, which starts with a lower-case letter and
// has no full stop, into a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	// An indented last line is for copying, such as a command.
	last := text[strings.LastIndex(text, "\n")+1:]
	if !strings.HasSuffix(text, ".") && !strings.HasPrefix(last, "  ") {
		text += "."
	}
	return text
}

// warningLog collects the warnings of the Vault client, each text once.
type warningLog struct {
	mu      sync.Mutex
	pending []string
	seen    []string
}

func (w *warningLog) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.seen, text) {
		w.seen = append(w.seen, text)
		w.pending = append(w.pending, text)
	}
}

// drain reports the warnings since the last call.
func (w *warningLog) drain(diagnostics *diag.Diagnostics) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.pending {
		diagnostics.AddWarning("Vault client warning", sentence(text))
	}
	w.pending = nil
}
