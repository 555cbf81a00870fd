// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestHostileWorkflowFileStopsNoSync: it is a problem of its workflow, of which nothing is
// claimed to be missing or not.
func TestHostileWorkflowFileStopsNoSync(t *testing.T) {
	t.Parallel()
	const good = "steps:\n- spec: {a: !Secret absent}\n"
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i <= 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10))
	}
	for name, row := range map[string]struct {
		text, problem string
		change        func(w *world, path string)
	}{
		"too large":    {"steps: # " + strings.Repeat("x", workflowfile.MaxBytes), "too large", nil},
		"aliases":      {bomb + "steps: [{spec: *a12}]", "too large with its aliases expanded", nil},
		"invalid":      {"steps: [", "parse YAML", nil},
		"another kind": {"jobs: {}", "not a workflow", nil},
		"a link": {good, "is a symbolic link, which is not followed", func(w *world, path string) {
			if err := os.Remove(path); err != nil {
				w.t.Fatal(err)
			}
			if err := os.Symlink("/etc/passwd", path); err != nil {
				w.t.Fatal(err)
			}
		}},
		"too many references": {"steps:\n- spec: '" + strings.Repeat("${secrets.a}", 30) + "'\n", "at least 30 references in workflow files, at most 20 are allowed (limits.secrets)", func(w *world, _ string) {
			w.cfg.Sources[0].Limits.Secrets = 20
		}},
		"too many files": {good, "2 workflow files, at most 1 are allowed (limits.files)", func(w *world, _ string) {
			w.cfg.Sources[0].Limits.Files = 1
			w.flow(1, good)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newInventoryWorld(t, 2)
			workflow := w.workflow(0)
			w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", workflow))
			w.flow(0, row.text)
			if row.change != nil {
				row.change(w, filepath.Join(w.repo, "flows", workflow+".yaml"))
			}
			w.commit()
			d := w.daemon()
			var got report.Workflow
			d.until("the problem is known", d.knows(workflow, func(w report.Workflow) bool {
				got = w
				return len(w.Problems) > 0 && w.Live == 1
			}))
			if len(got.Problems) != 1 || !strings.Contains(got.Problems[0], row.problem) || got.MissingKnown || len(got.References) > 0 {
				t.Errorf("the workflow: %+v, want the problem %q", got, row.problem)
			}
			if s := d.status()["shop"]; !s.Settled() || len(s.Problems) > 0 {
				t.Errorf("the source is not in sync: %+v", s)
			}
			w.wantRead(workflow, "a", "one")
		})
	}
}

// TestWorkflowFilesAreReadAtEachNewCommit also drops a file that was deleted.
func TestWorkflowFilesAreReadAtEachNewCommit(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 2)
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", w.workflow(0)))
	w.flow(0, "steps:\n- spec: {a: !Secret a}\n")
	write(t, w.repo, "flows/foreign.yaml", "steps: [")
	write(t, w.repo, "flows/"+w.workflow(1)+".yml", "steps:\n- {name: x, spec: '${secrets[parameters.x]}', input: 1}\n- {env: {a: '${secrets.a b}'}}\n")
	w.commit()
	d := w.daemon()
	first := d.knows(w.workflow(0), func(w report.Workflow) bool { return w.MissingKnown && w.Missing == 0 && len(w.References) == 1 })
	d.until("the first commit is known", first)
	d.until("what Relay refuses is a problem", d.knows(w.workflow(1), func(w report.Workflow) bool {
		return w.MissingKnown && w.Missing == 0 && len(w.Problems) == 1 && strings.Contains(w.Problems[0], ".yml: line 3: step #2: invalid ${...}")
	}))
	w.flow(0, "steps:\n- spec: {a: !Secret a, b: !Secret b}\n")
	w.commit()
	d.until("the changed file is known", d.knows(w.workflow(0), func(w report.Workflow) bool { return w.Missing == 1 && w.MissingSecrets[0].Name == "b" }))
	w.run("git", "rm", "-q", "flows/"+w.workflow(0)+".yaml")
	w.commit()
	d.until("the deleted file is not known any more", d.knows(w.workflow(0), func(w report.Workflow) bool {
		return !w.MissingKnown && len(w.References) == 0 && len(w.Problems) == 0 && w.Live == 1
	}))
}

func TestSecondFileOfAWorkflowMustBeExcluded(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 1)
	workflow := w.workflow(0)
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", workflow))
	w.flow(0, "steps:\n- spec: {a: !Secret a}\n")
	write(t, w.repo, "flows/more/"+workflow+".yml", "steps:\n- spec: {a: !Secret absent}\n")
	w.commit()
	w.cfg.Sources[0].WorkflowFiles = []string{"flows/**"}
	d := w.daemon()
	want := "flows/more/" + workflow + ".yml, flows/" + workflow + ".yaml are all of workflow " + workflow +
		", by their file names; exclude all but one in workflow_files of source shop"
	d.until("the problem is known", d.knows(workflow, func(w report.Workflow) bool {
		return slices.Equal(w.Problems, []string{want}) && !w.MissingKnown
	}))
	d.stop()
	w.cfg.Sources[0].WorkflowFiles = []string{"flows/**", "!flows/more/**"}
	d = w.daemon()
	d.until("the other file is read", d.knows(workflow, func(w report.Workflow) bool {
		return w.MissingKnown && w.Missing == 0 && len(w.References) == 1 && len(w.Problems) == 0
	}))
}
