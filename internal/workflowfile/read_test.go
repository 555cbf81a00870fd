// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden lists; then check them by hand")

// The golden lists were checked by hand. The files include public workflows of Relay.
func TestReadFindsEveryReference(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	public, err2 := filepath.Glob("testdata/relay-workflows/*.yaml")
	if err := errors.Join(err, err2); err != nil || len(files) < 2 || len(public) < 11 {
		t.Fatalf("files are missing: %v", err)
	}
	for _, name := range append(files, public...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := Read(data)
			if err != nil {
				t.Fatal(err)
			}
			got := listing(file)
			golden := filepath.Join("testdata/golden", strings.TrimSuffix(filepath.Base(name), ".yaml")+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func listing(f *File) string {
	var b strings.Builder
	for _, r := range f.References {
		optional := ""
		if r.Optional {
			optional = " (optional)"
		}
		fmt.Fprintf(&b, "%d:%d %s %s %s%s\n", r.Line, r.Column, r.User, r.Field, r, optional)
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "problem at column %d of %s\n", p.Column, p)
	}
	for _, w := range f.Warnings {
		fmt.Fprintf(&b, "warning at column %d of %s\n", w.Column, w)
	}
	return b.String()
}

func TestReadRefusesInvalidFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ data, want string }{
		"nothing":           {"", "empty file"},
		"broken":            {"steps: [", "parse YAML: yaml: line 1"},
		"no text":           {"steps: \xff", "not valid UTF-8"},
		"a list":            {"- steps", "not a workflow: no apiVersion"},
		"another":           {"connections: {}\nruns: {}", "not a workflow: no apiVersion"},
		"kubernetes":        {"apiVersion: relay.sh/v1beta1\nkind: Workflow", "not a workflow, but a Kubernetes object"},
		"too large":         {"steps: # " + strings.Repeat("x", MaxBytes), "larger than 1048576 bytes"},
		"an own alias":      {"steps: [{spec: &a [*a]}]", "nested deeper than 100 levels, or an alias refers to its own anchor"},
		"too deep":          {"steps: [{spec: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}]", "nested deeper than 100"},
		"a bomb":            {bomb("a: &a0 [x,x,x,x,x,x,x,x,x,x]\n", "a%[1]d: &a%[1]d [*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d]\n"), "too large with its aliases expanded"},
		"a bomb of <<":      {bomb("a: &a0 {x: 1}\n", "a%[1]d: &a%[1]d {<<: [*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d]}\n"), "too large with its aliases expanded"},
		"a wide bomb of <<": {"a: &a {" + wide(2000) + "}\nsteps: [{spec: {<<: [" + strings.Repeat("*a,", 5000) + "]}}]", "too large with its aliases expanded"},
		"second is wrong":   {"steps: []\n---\n[", "parse YAML"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// bomb returns a file whose aliases expand to far more than its size.
func bomb(first, next string) string {
	text := first
	for i := 1; i <= 12; i++ {
		text += fmt.Sprintf(next, i, i-1)
	}
	return text + "steps: [{spec: *a12}]"
}

// wide returns the members of a mapping with the given number of names.
func wide(names int) string {
	var text strings.Builder
	for i := range names {
		fmt.Fprintf(&text, "k%d: 1, ", i)
	}
	return text.String()
}

func TestReadWarnsOfASecondDocument(t *testing.T) {
	t.Parallel()
	file, err := Read([]byte("steps: []\n---\nsteps: [{spec: '${secrets.a}'}]"))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.References) > 0 || len(file.Warnings) != 1 || file.Warnings[0].Line != 2 {
		t.Errorf("got %s", listing(file))
	}
}

// tooLong is far above what a file takes under the race detector on a busy machine, half a minute.
// A reader with quadratic time needs hours.
const tooLong = 10 * time.Minute

func TestReadTakesLinearTime(t *testing.T) {
	t.Parallel()
	const most = MaxBytes - 100
	fill := func(head, piece, tail string) string {
		return head + strings.Repeat(piece, (most-len(head)-len(tail))/len(piece)) + tail
	}
	tests := map[string]string{
		"open expressions in a script": fill("steps: [{input: '", "${secrets/*", "'}]"),
		"many in one text":             fill("steps: [{spec: '", "é${secrets.a} ", "'}]"),
		"many texts in one line":       fill("steps: [{spec: [", "'é${secrets.a}',", "]}]"),
		"many escaped texts":           fill("steps: [{spec: [", `"\x24{secrets.a}",`, "]}]"),
		"many steps":                   fill("steps:\n", "- {spec: !Secret a}\n", ""),
		"many names":                   fill("steps: [{spec: {", "'${secrets.a}': x,", "}}]"),
		"an endless string":            fill("steps: [{spec: '${\"", "\\n", "}'}]"),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			if _, err := Read([]byte(data)); err != nil && !strings.Contains(err.Error(), "too large") {
				t.Error(err)
			}
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Relay ignores keys that it does not know.
func TestWorkflowWithAKindIsAWorkflow(t *testing.T) {
	t.Parallel()
	if _, err := Read([]byte("kind: Workflow\nsteps: []\n")); err != nil {
		t.Error(err)
	}
}

// TestManyReferencesBelowALongPathNeedLittleMemory: each reference and each warning has the
// path, so without a limit these files of 1 MiB need gigabytes.
func TestManyReferencesBelowALongPathNeedLittleMemory(t *testing.T) {
	t.Parallel()
	key := "? " + strings.Repeat("k", MaxBytes/2) + "\n"
	for name, text := range map[string]string{
		"references": "steps:\n- spec:\n    " + key + "    : '" + strings.Repeat("${secrets.a}", 20_000) + "'\n",
		"warnings":   "steps:\n- input:\n    " + key + "    : '" + strings.Repeat("${secrets.a}", 20_000) + "'\n",
	} {
		file, err := Read([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		size, found := 0, len(file.References)+len(file.Warnings)
		for _, r := range file.References {
			size += len(r.Field)
		}
		for _, w := range file.Warnings {
			size += len(w.Text)
		}
		if found == 0 || size > found*2*maxField {
			t.Errorf("%s: %d, with %d bytes of text", name, found, size)
		}
	}
	file, err := Read([]byte("steps:\n- spec:\n    ? " + strings.Repeat("é", maxField) + "\n    : {in: [!Secret a]}\n"))
	if want := "spec." + strings.Repeat("é", 125) + "..."; err != nil || len(file.References) != 1 || file.References[0].Field != want {
		t.Errorf("%v: %+v, want the field %s", err, file, want)
	}
}
