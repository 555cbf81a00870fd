// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// hostile is a value in which each text, also of an error, is the hostile one.
func hostile[T any](text string) T {
	var out T
	fill(reflect.ValueOf(&out).Elem(), text, 10)
	return out
}

// fill sets the texts in a value. depth limits it for types that contain themselves.
func fill(v reflect.Value, text string, depth int) {
	if depth--; depth == 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Interface:
		if v.Type() == reflect.TypeFor[error]() {
			v.Set(reflect.ValueOf(errors.New(text + "\n" + text)))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, depth)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), text, depth)
		fill(v.Index(1), text, depth)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, depth)
		fill(value, text, depth)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), text, depth)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_800_000_000, 0)))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), text, depth)
			}
		}
	default: // numbers that no output depends on
	}
}

// kinds are all that a report distinguishes.
var kinds = []plan.Kind{
	plan.Add, plan.Change, plan.Repair, plan.Adopt, plan.HandOver, plan.Drift, plan.Delete, plan.Release,
	plan.PendingApproval, plan.PendingHandOver, plan.Blocked, plan.Unchanged, plan.UpdateRecord,
}

// reports are reports with a result of each kind, whose every text is the hostile one.
func reports(text string) []report.Report {
	planned, failed, skipped := hostile[report.Report](text), hostile[report.Report](text), hostile[report.Report](text)
	result := planned.Results[0]
	planned.Results = nil
	for i, kind := range kinds {
		result.Kind = kind
		if i%2 == 0 {
			result.Err = nil
		}
		planned.Results = append(planned.Results, result)
	}
	planned.Err, planned.Approved, planned.Applied = nil, false, false
	applied := planned
	applied.Applied, applied.Approved = true, true
	failed.Results, skipped.Commit, skipped.Err = nil, "", nil
	return []report.Report{planned, applied, failed, skipped}
}

// workflows are workflow files, and what is missing.
func workflows(text string) report.Workflows {
	w := hostile[report.Workflows](text)
	for i := range w.Files {
		w.Files[i].Missing[0].Kind, w.Files[i].Missing[1].Kind = workflowfile.Secret, workflowfile.Connection
	}
	w.Files[1].Err = nil
	return w
}

// TestHostileTextReachesNoReportRaw writes each report with a hostile text in each place.
func TestHostileTextReachesNoReportRaw(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	type printer func(t *render.Text, text string) error
	printers := map[string]printer{
		"report":          func(p *render.Text, text string) error { return p.Write(reports(text)) },
		"status":          func(p *render.Text, text string) error { return p.WriteStatus(daemon(text), now) },
		"standby":         func(p *render.Text, text string) error { return p.WriteStatus(hostile[report.Daemon](text), now) },
		"plan to approve": func(p *render.Text, text string) error { return p.WritePending(hostile[plan.Document](text)) },
		"approvals": func(p *render.Text, text string) error {
			return p.WriteApprovals(hostile[[]approval.Listed](text), now)
		},
		"unsigned records": func(p *render.Text, text string) error {
			return p.WriteUnsignedRecords(hostile[[]report.UnsignedRecord](text))
		},
		"undeleted":      func(p *render.Text, text string) error { return p.WriteUndeleted(hostile[[]report.Undeletion](text)) },
		"verified":       func(p *render.Text, text string) error { return p.WriteVerified(hostile[[]report.Verified](text)) },
		"workflow files": func(p *render.Text, text string) error { return p.WriteWorkflows(workflows(text)) },
	}
	documents := map[string]func(w io.Writer, text string) error{
		"report": func(w io.Writer, text string) error { return render.WriteJSON(w, reports(text)) },
		"approvals": func(w io.Writer, text string) error {
			return render.WriteApprovalsJSON(w, "approvals", hostile[[]approval.Listed](text), now)
		},
		"unsigned records": func(w io.Writer, text string) error {
			return render.WriteUnsignedRecordsJSON(w, hostile[[]report.UnsignedRecord](text))
		},
		"undeleted": func(w io.Writer, text string) error {
			return render.WriteUndeletedJSON(w, hostile[[]report.Undeletion](text))
		},
		"status": func(w io.Writer, text string) error {
			return render.Document(w, map[string]any{"status": daemon(text)})
		},
	}
	for kind, text := range foreigntest.Texts {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			text := text[:min(len(text), 12_000)] // longer than a line may be
			for name, write := range printers {
				var out, colored bytes.Buffer
				err := errors.Join(write(render.NewText(&out, false), text), write(render.NewText(foreign.NewWriter(&colored, true), true), text))
				checked(t, name, err, out.String(), foreigntest.CheckText)
				checked(t, name+" in colors", err, ownColors.Replace(colored.String()), foreigntest.Check)
			}
			for name, write := range documents {
				var out bytes.Buffer
				checked(t, name+" as JSON", write(&out, text), out.String(), foreigntest.Check)
				if want := string([]rune(text)); !holds(t, out.Bytes(), want) {
					t.Errorf("%s as JSON: the text is another one: %.300q", name, out.String())
				}
			}
			var out bytes.Buffer
			err := render.WriteMarkdown(&out, reports(text), plan.ConfigFlag(""))
			checked(t, "markdown", err, out.String(), foreigntest.Check)
		})
	}
}

// daemon is the state of a daemon that follows sources.
func daemon(text string) report.Daemon {
	d := hostile[report.Daemon](text)
	d.Standby, d.Sources[0].Suspended = false, false
	return d
}

// ownColors are the colors of reports.
var ownColors = strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "")

func checked(t *testing.T, name string, err error, output string, check func(testing.TB, string)) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if !strings.Contains(output, foreigntest.Canary) && name != "standby" && name != "standby in colors" {
		t.Errorf("%s: the text is not in it: %.300q", name, output)
	}
	failed := t.Failed()
	if check(t, output); t.Failed() && !failed {
		t.Errorf("^ %s", name)
	}
}

// holds reports whether a JSON document has the text.
func holds(t *testing.T, document []byte, text string) bool {
	t.Helper()
	var all any
	if err := json.Unmarshal(document, &all); err != nil {
		t.Fatal(err)
	}
	return within(all, text)
}

func within(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case []any:
		for _, one := range v {
			if within(one, text) {
				return true
			}
		}
	case map[string]any:
		for _, one := range v {
			if within(one, text) {
				return true
			}
		}
	}
	return false
}
