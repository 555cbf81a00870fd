// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxMarkdown limits the rows and messages: a comment at GitHub has at most 65,536
// characters.
const maxMarkdown = 50_000

// markdown is one document. Everything that comes from a repository or from Vault is in
// code, so that it is neither markup nor a mention of a person.
type markdown struct {
	strings.Builder
	// left is the space for rows and messages; omitted are those without space.
	left, omitted int
}

// WriteMarkdown writes plans for a comment on a pull request.
func WriteMarkdown(w io.Writer, reports []report.Report, flag plan.ConfigFlag) error {
	m := &markdown{left: maxMarkdown}
	for _, r := range reports {
		m.report(r, flag)
	}
	if m.omitted > 0 {
		fmt.Fprintf(m, "%d more rows and messages are left out. To see all of them: %s\n", m.omitted, code(flag.In("relay-sync plan")))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markdown) report(r report.Report, flag plan.ConfigFlag) {
	fmt.Fprintf(m, "### %s\n\n", code(r.Source))
	if r.Commit != "" {
		fmt.Fprintf(m, "%s at %s, %s", code(r.Branch), code(plan.Short(string(r.Commit))), Count(r.Files, "manifest"))
		if r.Keyless {
			fmt.Fprint(m, ", by ciphertext alone")
		}
		fmt.Fprint(m, "\n\n")
	}
	fmt.Fprintf(m, "**%s**\n\n", sentence(r))
	if r.Err != nil {
		m.message(r.Err.Error())
	}
	m.table(r)
	failures, more := r.ListedFailures()
	m.omitted += more
	for i, f := range failures {
		if i == 0 {
			fmt.Fprint(m, "Refused; nothing in these files is applied:\n\n")
		}
		m.message(f.Err.Error())
	}
	for _, problem := range unsigned(r) {
		m.message(problem)
	}
	for _, names := range r.InvalidNames {
		m.message(names.Scope.DescribeOther(names.Keys))
	}
	for _, step := range nextSteps(r, flag) {
		step.names, step.command = codeOrNone(step.names), codeOrNone(step.command)
		fmt.Fprint(m, step, "\n\n")
	}
}

// table has a row for each secret that is not unchanged.
func (m *markdown) table(r report.Report) {
	rows := 0
	for _, result := range r.Results {
		if result.Kind == plan.Unchanged {
			continue
		}
		cells := []string{code(marks[result.Kind].sign), code(result.Address.Title()), marks[result.Kind].word}
		if facts := facts(result, r.Applied); facts != "" {
			cells = append(cells, code(facts))
		}
		row := "| " + strings.Join(cells, " | ") + " |\n"
		if !m.fits(row) {
			continue
		}
		if rows++; rows == 1 {
			fmt.Fprint(m, "| | secret | action | details |\n|---|---|---|---|\n")
		}
		fmt.Fprint(m, row)
	}
	if rows > 0 {
		fmt.Fprint(m, "\n")
	}
}

// message is a block of code, in which a message keeps its lines.
func (m *markdown) message(text string) {
	text = foreign.Lines(text)
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	if block := fence + "text\n" + text + "\n" + fence + "\n\n"; m.fits(block) {
		fmt.Fprint(m, block)
	}
}

func (m *markdown) fits(text string) bool {
	if len(text) > m.left {
		m.omitted++
		return false
	}
	m.left -= len(text)
	return true
}

var backticks = lazyregexp.New("`+")

func longestRun(text string) int {
	longest := 0
	for _, run := range backticks.FindAllString(text, -1) {
		longest = max(longest, len(run))
	}
	return longest
}

func codeOrNone(text string) string {
	if text == "" {
		return ""
	}
	return code(text)
}

// code is a text as code on one line, also in a cell of a table.
func code(text string) string {
	text = foreign.Line(strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`))
	fence := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}
