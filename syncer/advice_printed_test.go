// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// printedAdvice follows every sentence of advice in the texts of relay-sync. A message is a
// part of one text; advice that names two ways has two rows.
var printedAdvice = slices.Concat(planAdvice, manifestAdvice, mappedAdvice, repositoryAdvice, mirrorAdvice, vaultPrinted, commandAdvice, keyAdvice, limitPrinted, webAdvice)

// adviceForm is how a text gives advice: in a hint, or after a semicolon.
var adviceForm = func() *regexp.Regexp {
	const verbs = `(add|adopt|allow|answer|approve|begin|change|check|choose|commit|copy|convert|correct|create|decrypt|delete|enable|encrypt|exclude|` +
		`export|get|give|grant|keep|let|list|look|lower|make|move|name|omit|put|remove|rename|renew|repeat|replace|restore|run|` +
		`save|see|set|sign|split|take|try|unseal|unset|use|wait|write)\b`
	return regexp.MustCompile(`Hint: |; (or )?` + verbs + `|[;:.] (if|for) [^;]+, ` + verbs + `|; to [^:;]+: |: (choose|keep|name|omit|put it|restore) |^(add an|grant the|try again) |Fetch |[(]deletes[.]`)
}()

// TestPrintedAdviceLeadsToACleanState goes through the texts of every package of
// relay-sync: a test follows each sentence of advice to a clean state.
func TestPrintedAdviceLeadsToACleanState(t *testing.T) {
	t.Parallel()
	texts := map[string]map[string]bool{}
	for _, a := range printedAdvice {
		texts[a.message] = map[string]bool{}
	}
	for _, folder := range folders(t) {
		for _, text := range tools.Texts(t, folder) {
			if !adviceForm.MatchString(text) {
				continue
			}
			about := slices.DeleteFunc(slices.Clone(printedAdvice), func(a advice) bool { return !strings.Contains(text, a.message) })
			for _, a := range about {
				texts[a.message][text] = true
			}
			if known := func(part string) bool { return strings.Contains(text, part) }; len(about) == 0 && !slices.ContainsFunc(notFollowed, known) {
				t.Errorf("%s has advice that no test follows: %q", folder, text)
			}
		}
	}
	for _, a := range printedAdvice {
		t.Run(strings.NewReplacer("/", " ", "%", "").Replace(a.message), func(t *testing.T) {
			t.Parallel()
			if found := texts[a.message]; len(found) != 1 {
				t.Errorf("%d texts contain it, must be 1: %v", len(found), found)
			}
			if a.test != "" {
				a.isQuoted(t)
				return
			}
			a.follow(t)
		})
	}
}

// folders are those of the packages of relay-sync.
func folders(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "./cmd/relay-sync").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// isQuoted requires that the test of another package, or the script of relay-sync, that
// follows the advice contains the message.
func (a advice) isQuoted(t *testing.T) {
	t.Helper()
	text := ""
	if script := filepath.Join("cmd/relay-sync/testdata", a.test); filepath.Ext(script) == ".txt" {
		content, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(string(content), `\`, "")
	} else {
		_, text, _ = strings.Cut(testSources(t), "\nfunc "+a.test+"(")
		text, _, _ = strings.Cut(text, "\n}\n")
	}
	for _, words := range a.pieces() {
		if !strings.Contains(text, words) {
			t.Errorf("%s does not contain %q", a.test, words)
		}
	}
}
