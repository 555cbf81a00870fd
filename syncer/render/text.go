// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Text prints reports for people.
type Text struct {
	w     io.Writer
	color bool
	err   error
	// flag is for the commands in the texts.
	flag plan.ConfigFlag
}

// WithFlag adds the flag of the configuration to the commands in the texts.
func (t *Text) WithFlag(flag plan.ConfigFlag) *Text {
	t.flag = flag
	return t
}

// NewText makes a printer of reports; color is for a terminal that supports it.
func NewText(w io.Writer, color bool) *Text { return &Text{w: w, color: color} }

const (
	green  = "32"
	yellow = "33"
	red    = "31"
	bold   = "1"
	faint  = "2"
)

// marks are the sign, the color and the word of each kind.
var marks = map[plan.Kind]struct{ sign, color, word string }{
	plan.Add:             {"+", green, "add"},
	plan.Change:          {"~", yellow, "change"},
	plan.Repair:          {"~", yellow, "repair"},
	plan.Adopt:           {"~", yellow, "adopt"},
	plan.HandOver:        {"~", yellow, "hand-over"},
	plan.Drift:           {"!", red, "drift"},
	plan.Delete:          {"-", red, "delete"},
	plan.Release:         {"-", yellow, "release"},
	plan.Blocked:         {"x", red, "blocked"},
	plan.PendingApproval: {"?", yellow, "pending approval"},
	plan.PendingHandOver: {"?", yellow, "pending hand-over"},

	plan.UpdateRecord: {"=", faint, "update record"},
}

// Write prints one report after another. It returns the first error of the writer.
func (t *Text) Write(reports []report.Report) error {
	for _, r := range reports {
		t.report(r)
	}
	return t.err
}

func (t *Text) report(r report.Report) {
	head := ""
	if r.Commit != "" {
		head = fmt.Sprintf("  %s @ %s, %s", r.Branch, plan.Short(string(r.Commit)), Count(r.Files, "manifest"))
	}
	if r.Signer != "" {
		head += ", signed by " + r.Signer
	}
	if r.Keyless {
		head += ", by ciphertext alone"
	}
	t.line(0, part{bold, r.Source}, plain(head))
	if r.Skipped() {
		t.line(1, plain("Suspended and skipped. To apply it by hand: "+t.flag.In("relay-sync apply --source "+r.Source)))
		t.line(0)
		return
	}
	if r.Err != nil {
		t.block(1, part{red, "error:"}, plain(" "+r.Err.Error()))
	}
	for rest := r.Results; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Address.Scope == rest[0].Address.Scope {
			n++
		}
		t.workflow(rest[:n], r.Applied)
		rest = rest[n:]
	}
	failures, more := r.ListedFailures()
	for i, f := range failures {
		if i == 0 {
			t.line(1, part{red, "refused and not applied:"})
		}
		t.finding(2, red, "x", f.Err.Error())
	}
	if more > 0 {
		t.line(2, plain(fmt.Sprintf("and %d more", more)))
	}
	for _, problem := range unsigned(r) {
		t.finding(1, red, "x", problem)
	}
	for _, names := range r.InvalidNames {
		t.finding(1, yellow, "!", names.Scope.DescribeOther(names.Keys))
	}
	if text := connections.DescribeRelayBodies(r.RelayBodies); text != "" {
		t.finding(1, yellow, "!", text)
	}
	if r.RelayBodiesErr != nil {
		t.finding(1, yellow, "!", r.RelayBodiesErr.Error())
	}
	for _, cause := range r.NotApproved {
		t.finding(1, yellow, "!", "not approved: "+cause)
	}
	t.line(0)
	for _, n := range r.Approvals {
		t.line(1, plain(fmt.Sprintf("Approved by entity %s at %s: %s", n.Entity, n.Time.UTC().Format(time.RFC3339), n.Reason)))
	}
	t.line(1, plain(sentence(r)))
	for _, step := range nextSteps(r, t.flag) {
		t.line(1, plain(step.String()))
	}
	t.line(0)
}

// step is what a person can do next: a sentence, which can end in names, and a command
// with the words before it.
type step struct{ text, names, before, command string }

// String is the step on one line.
func (s step) String() string {
	text := strings.TrimSpace(s.text + " " + s.names)
	if s.names != "" {
		text += "."
	}
	return strings.TrimSpace(strings.TrimSpace(text+" "+s.before) + " " + s.command)
}

// fourEyes is who may approve a plan of a source that sets approvals.four_eyes.
const fourEyes = "A person who is not an author of the commits must approve, or two persons (approvals.four_eyes)."

func nextSteps(r report.Report, flag plan.ConfigFlag) []step {
	var steps []step
	if r.PlanID != "" && !r.Approved {
		if also := alsoApproved(r.Results); also.text != "" {
			steps = append(steps, also)
		}
		steps = append(steps, step{text: "Pending approval.", before: "To approve as an approver:", command: flag.ApproveAs(r.Source)})
		if r.FourEyes {
			steps = append(steps, step{text: fourEyes})
		} else {
			steps = append(steps, step{before: "As the operator of this controller:", command: flag.Approve(r.PlanID)})
		}
	}
	if r.Suspended && !r.Applied {
		steps = append(steps, step{text: "The source is suspended.", before: "To apply it:", command: flag.In("relay-sync apply --source " + r.Source)})
	}
	if older := r.OlderKey(); len(older) > 0 {
		steps = append(steps, olderKey(older, flag.In("relay-sync apply --source "+r.Source)))
	}
	return steps
}

// heading is the line above the secrets of a workflow or the connections of a type.
func heading(a secrets.Address) string {
	if label := a.Kind.Label(); label != "" {
		return label + "s " + a.Group
	}
	return a.Group
}

func (t *Text) workflow(results []report.Result, applied bool) {
	t.line(1, plain(heading(results[0].Address)))
	var names, words, unchanged int // the widths of two columns, and a count
	for _, r := range results {
		if r.Kind == plan.Unchanged {
			unchanged++
		} else {
			names = max(names, utf8.RuneCountInString(foreign.Line(r.Address.Name)))
			words = max(words, len(marks[r.Kind].word))
		}
	}
	for _, r := range results {
		if r.Kind != plan.Unchanged {
			t.secret(r, names, words, applied)
		}
	}
	if unchanged > 0 {
		t.line(2, part{faint, fmt.Sprintf("= %d unchanged", unchanged)})
	}
}

func (t *Text) secret(r report.Result, names, words int, applied bool) {
	mark := marks[r.Kind]
	sign, name := mark.sign, pad(foreign.Line(r.Address.Name), names)
	if r.Err != nil {
		sign, mark.color = "x", red
	}
	t.block(2, part{mark.color, sign}, plain(" "+name+"  "), part{mark.color, pad(mark.word, words)}, plain("  "+facts(r, applied)))
}

// facts follow the name: the position in the file, the cause and the result.
func facts(r report.Result, applied bool) string {
	var facts []string
	if r.Want != nil {
		facts = append(facts, fmt.Sprintf("%s:%d", r.Want.File, r.Want.Line))
	}
	if r.Cause != "" {
		facts = append(facts, r.Cause)
	}
	switch {
	case r.Err != nil:
		facts = append(facts, "failed: "+r.Err.Error())
	case applied && r.Version > 0:
		facts = append(facts, fmt.Sprintf("written as version %d", r.Version))
	case applied && r.Kind == plan.Delete && r.Address.Kind == secrets.Connection:
		facts = append(facts, fmt.Sprintf("version %d deleted", r.Entry.Current))
	case applied && r.Kind == plan.Delete:
		facts = append(facts, fmt.Sprintf("version %d deleted, can be undeleted", r.Entry.Current))
	}
	return strings.Join(facts, "  ")
}

// sentence sums a report up.
func sentence(r report.Report) string {
	s := r.Summary()
	var parts []string
	add := func(n int, planned, applied string) {
		text := planned
		if r.Applied {
			text = applied
		}
		if n > 0 && text != "" {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	add(s.Add, "to add", "added")
	add(s.Change, "to change", "changed")
	add(s.Repair, "to repair", "repaired")
	add(s.Adopt, "to adopt", "adopted")
	add(s.HandOver, "to hand over", "handed over")
	add(s.Delete, "to delete", "deleted")
	add(s.Release, "to release", "released")
	add(s.Drift, "drifted, only reported", "drifted, only reported")
	add(s.PendingApproval, "pending approval", "pending approval")
	add(s.PendingHandOver, "pending hand-over", "pending hand-over")
	add(s.Blocked, "blocked", "blocked")
	add(s.Failed, "failed", "failed")
	add(s.UpdateRecord, records(s.UpdateRecord)+" to update", records(s.UpdateRecord)+" updated")
	add(s.Signed, "", records(s.Signed)+" signed again")
	add(s.Unchanged, "unchanged", "unchanged")
	switch {
	case r.Err != nil:
		return "Nothing was written: the sync ended before its plan."
	case len(parts) == 0:
		return "Nothing to do: no secrets."
	case r.Outcome() == report.Clean && !r.Applied && s.UpdateRecord+s.OlderKey == 0:
		return "Nothing to do: " + strings.Join(parts, ", ") + "."
	case r.Applied:
		return "Applied: " + strings.Join(parts, ", ") + "."
	}
	return "Plan: " + strings.Join(parts, ", ") + "."
}

// part is a piece of a line in a color, or in none. Its text may be foreign.
type part struct{ color, text string }

func plain(text string) part { return part{text: text} }

// line writes one line. A line break in it is escaped.
func (t *Text) line(indent int, parts ...part) {
	for i := range parts {
		parts[i].text = foreign.Line(parts[i].text)
	}
	t.block(indent, parts...)
}

// block writes a text of several lines, such as an error, each indented.
func (t *Text) block(indent int, parts ...part) {
	text := ""
	for _, p := range parts {
		text += t.paint(p.color, foreign.Lines(p.text))
	}
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			line = "  " + line
		}
		line = strings.TrimRight(strings.Repeat("  ", indent)+line, " ")
		if !t.color { // with colors, only the writer below knows them from others
			line = foreign.Lines(line)
		}
		if t.err == nil {
			_, t.err = fmt.Fprintln(t.w, line)
		}
	}
}

// finding writes a text behind a mark.
func (t *Text) finding(indent int, color, mark, text string) {
	t.block(indent, part{color, mark}, plain(" "+text))
}

// paint colors a text that was escaped before.
func (t *Text) paint(color, text string) string {
	if !t.color || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// Count is a number with its noun: "1 name", "2 names".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
