// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

var (
	fenced = regexp.MustCompile("(?ms)^[ \t]*```[a-z]*\n(.*?)^[ \t]*```$")
	// A workflow of GitHub Actions has ${{ secrets.name }}, and its steps are inside jobs.
	workflowStart = regexp.MustCompile(`(?m)^steps:`)
	referring     = regexp.MustCompile(`\$\{(secrets|connections)\b|!Secret\b|!Connection\b`)
	// hereDocument is a file that a command of a page writes.
	hereDocument = regexp.MustCompile(`(?ms)^cat > \S+\.ya?ml <<'END'\n(.*?)^END$`)
	exampleFile  = regexp.MustCompile(`\.ya?ml$`)
	pageFile     = regexp.MustCompile(`\.(md|tmpl)$`)
	// A connection directly below the key of its type loses fields in ni.
	misplaced = regexp.MustCompile(`\b(aws|azure|google|cluster|git): *(\$\{connections\.|!Connection\b)`)
)

// workflows returns the workflow files of the documentation and the examples, by their
// position.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	page := func(name, text string) {
		for _, at := range fenced.FindAllStringSubmatchIndex(text, -1) {
			block, position := text[at[2]:at[3]], fmt.Sprintf("%s:%d", name, 1+strings.Count(text[:at[2]], "\n"))
			if written := hereDocument.FindStringSubmatch(block); written != nil {
				block = written[1]
			}
			switch {
			case workflowStart.MatchString(block):
				out[position] = block
			case strings.HasPrefix(strings.TrimSpace(block), "spec:"):
				t.Errorf("%s: a part of a workflow: write its steps, too, so that this test can run it", position)
			}
		}
		for i, line := range strings.Split(text, "\n") {
			if misplaced.MatchString(line) {
				t.Errorf("%s:%d: ni loses fields of this connection: write it below the key connection: %s", name, i+1, line)
			}
		}
	}
	root := os.DirFS("../..")
	for _, folder := range []string{"README.md", "ARCHITECTURE.md", "docs", "templates", "examples"} {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(root, name)
			switch {
			case pageFile.MatchString(name):
				page(name, string(text))
			case exampleFile.MatchString(name) && workflowStart.Match(text):
				out[name] = string(text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// fieldsOf are the fields of the connections that the test writes.
var fieldsOf = map[string][]string{
	"aws":        {"accessKeyID", "secretAccessKey", "sessionToken"},
	"kubernetes": {"server", "certificateAuthority", "token"},
}

// TestWorkflowsOfTheDocumentationReceiveEveryValue writes what a workflow refers to, and
// evaluates it with Relay's code: each step receives every secret, and each connection
// with all fields where ni expects them.
func TestWorkflowsOfTheDocumentationReceiveEveryValue(t *testing.T) {
	t.Parallel()
	v, all := vaulttest.Start(t), workflows(t)
	for _, name := range []string{"docs/guides/managing-secrets.md", "docs/resources/connection.md", "templates/resources/connection.md.tmpl", "examples/functions/secret_references/deploy.yaml"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(position string) bool { return strings.HasPrefix(position, name) }) {
			t.Errorf("no workflow found in %s", name)
		}
	}
	for position, text := range all {
		if !referring.MatchString(text) {
			continue
		}
		t.Run(filepath.ToSlash(position), func(t *testing.T) {
			t.Parallel()
			workflow, domain := vaulttest.Workflow(t), vaulttest.Workflow(t)
			relay := relaytest.Start(t, v, v.Token(t, readerOf(t, workflow, domain)))
			relay.Domain = domain
			var values, paths []string
			for i, reference := range relay.References(text) {
				kind, name, _ := strings.Cut(reference, " ")
				if kind == "secret" {
					values = append(values, vaulttest.Canary(t))
					relaytest.WriteOld(t, v, "workflows/"+workflow+"/"+name, values[len(values)-1])
					continue
				}
				kind, _, _ = strings.Cut(name, "/")
				path, known := relaytest.ConnectionPath(kind)
				if fieldsOf[kind] == nil || !known {
					t.Fatalf("%s: add the fields of the type to this test, and its key to package relaytest", reference)
				}
				body := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
				relaytest.WriteOld(t, v, "connections/"+domain+"/"+name, body)
				for _, field := range fieldsOf[kind] {
					values = append(values, vaulttest.Canary(t))
					relaytest.WriteOld(t, v, "connections/"+domain+"/"+body+"/"+field, values[len(values)-1])
					paths = append(paths, path+"."+field)
				}
			}
			steps, refused := relay.Steps(workflow, text)
			if refused != "" || len(steps) == 0 || len(values) == 0 {
				t.Fatalf("%d steps, %d values, %s", len(steps), len(values), refused)
			}
			received, at := map[string]bool{}, map[string]bool{}
			for _, step := range steps {
				if !step.Complete {
					t.Errorf("step %s: Relay does not resolve everything", step.Name)
				}
				for path, value := range step.Values {
					at[path] = true
					for _, want := range values {
						received[want] = received[want] || strings.Contains(value, want)
					}
				}
			}
			for _, want := range values {
				if !received[want] {
					t.Errorf("no step receives %q", want)
				}
			}
			for _, path := range paths {
				if !at[path] {
					t.Errorf("no step receives %s, so ni does not find this field", path)
				}
			}
		})
	}
}
