// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

const guide = "../templates/guides/relay-sync.md.tmpl"

var update = flag.Bool("update", false, "write the generated parts of the guide to relay-sync")

// TestGuideHasEveryKeyAndMetric compares the generated parts of the guide with
// the code: what every key of the configuration means stands in the comments there.
func TestGuideHasEveryKeyAndMetric(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, string(text), "configuration", configReference(t))
	want = between(t, want, "metrics", metricsReference(t))
	if *update {
		if err := os.WriteFile(guide, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s differs from the code (-); run go test ./syncer -run Guide -update, then make docs:\n%s", guide, diff)
	}
}

// between puts a generated part between its marks.
func between(t *testing.T, text, part, generated string) string {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- %s: generated -->\n", part), fmt.Sprintf("<!-- %s: end -->\n", part)
	head, rest, found := strings.Cut(text, begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no marks for %s", guide, part)
	}
	return head + begin + generated + end + tail
}

// configReference is a table of keys for each part of the configuration.
func configReference(t *testing.T) string {
	t.Helper()
	r := reference{t: t, comments: map[string]map[string]string{}}
	for _, dir := range []string{"config", "plan", "webhook", "notify", "election", "../internal/sopsfile/keyring"} {
		r.read(dir)
	}
	r.table("", reflect.TypeFor[config.Config]())
	return r.out.String()
}

type reference struct {
	t *testing.T
	// comments are by struct and field.
	comments map[string]map[string]string
	out      strings.Builder
}

// read collects the comments on the fields of a package's structs.
func (r *reference) read(dir string) {
	t := r.t
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is {
				return true
			}
			if of, is := spec.Type.(*ast.StructType); is {
				r.comments[file.Name.Name+"."+spec.Name.Name] = fieldComments(of)
			}
			return true
		})
	}
}

// fieldComments are the comments on fields; one without its own has that of a field
// above which describes it.
func fieldComments(of *ast.StructType) map[string]string {
	out := map[string]string{}
	var last string
	for _, field := range of.Fields.List {
		if text := field.Doc.Text(); text != "" {
			last = strings.Join(strings.Fields(text), " ")
		}
		for _, name := range field.Names {
			if field.Doc.Text() != "" || regexp.MustCompile(`\b`+name.Name+`\b`).MatchString(last) {
				out[name.Name] = last
			}
		}
	}
	return out
}

// table writes the table of one struct, and then those of the structs in it.
func (r *reference) table(path string, of reflect.Type) {
	heading := "The top"
	if path != "" {
		heading = "`" + path + "`"
	}
	fmt.Fprintf(&r.out, "\n### %s\n\n| key | meaning |\n|---|---|\n", heading)
	comments := r.comments[of.String()]
	keys := map[string]string{}
	for field := range of.Fields() {
		keys[field.Name] = "`" + key(field) + "`"
	}
	type part struct {
		path string
		of   reflect.Type
	}
	var parts []part
	for field := range of.Fields() {
		if key(field) == "-" {
			continue
		}
		below, inside := field.Type, path+"."+key(field)
		for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice {
			if below.Kind() == reflect.Slice {
				inside += "[]"
			}
			below = below.Elem()
		}
		if below.Kind() == reflect.Struct {
			parts = append(parts, part{strings.TrimPrefix(inside, "."), below})
		}
		comment := comments[field.Name]
		if comment == "" {
			r.t.Errorf("%s.%s has no comment that explains it", of, field.Name)
		}
		fmt.Fprintf(&r.out, "| `%s` | %s |\n", key(field), meaning(comment, field.Name, keys))
	}
	for _, p := range parts {
		r.table(p.path, p.of)
	}
}

func key(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return name
}

var identifier = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*\b`)

// meaning is the comment on a field as people read it who know only the keys.
func meaning(comment, field string, keys map[string]string) string {
	if rest, is := strings.CutPrefix(comment, field+" "); is && !strings.HasPrefix(rest, "and ") {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "is "), "are ")
		comment = strings.ToUpper(rest[:1]) + rest[1:]
	}
	comment = identifier.ReplaceAllStringFunc(comment, func(word string) string {
		if key, is := keys[word]; is && word != "Vault" {
			return key
		}
		return word
	})
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(comment)
}

var descriptor = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: ("(?:[^"\\]|\\.)*"), .*variableLabels: \{([^}]*)\}\}$`)

// metricsReference is a table of every metric.
func metricsReference(t *testing.T) string {
	t.Helper()
	descs := make(chan *prometheus.Desc, 1000)
	c := New(&config.Config{}, "test")
	if _, err := c.OpenHooks(); err != nil { // which has metrics of its own
		t.Fatal(err)
	}
	c.registry.Describe(descs)
	close(descs)
	var rows []string
	for desc := range descs {
		match := descriptor.FindStringSubmatch(desc.String())
		if match == nil {
			t.Fatalf("a metric's description is not as expected: %s", desc)
		}
		help, err := strconv.Unquote(match[2])
		if err != nil {
			t.Fatal(err)
		}
		labels := match[3]
		if labels != "" {
			labels = "`" + strings.ReplaceAll(labels, ",", "`, `") + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", match[1], labels, help))
	}
	slices.Sort(rows)
	return "\n| metric | labels | meaning |\n|---|---|---|\n" + strings.Join(rows, "") + "\n"
}

// TestGuideQuotesMessagesOfTheCode finds every text that the guide explains in the code
// that contains it, up to the parts that differ.
func TestGuideQuotesMessagesOfTheCode(t *testing.T) {
	t.Parallel()
	sources := goSources(t, ".", "../internal")
	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	varying := regexp.MustCompile(`\.\.\.|\b[A-Z]+\b|\d+`)
	checked := 0
	for _, part := range []string{"## Deletions and approvals\n", "## Messages\n"} {
		_, section, found := strings.Cut(string(page), part)
		if !found {
			t.Fatalf("the guide has no part %q", part)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for line := range strings.SplitSeq(section, "\n") {
			cells := strings.Split(line, " | ")
			if len(cells) < 2 {
				continue
			}
			for _, match := range quoted.FindAllStringSubmatch(cells[0], -1) {
				for _, words := range varying.Split(match[1], -1) {
					words = strings.Trim(words, " :(),")
					checked++
					if !strings.Contains(sources, words) {
						t.Errorf("the guide explains %q, but no source contains %q", match[1], words)
					}
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d texts were looked for", checked)
	}
}

// goSources are all Go files below the folders, without tests.
func goSources(t *testing.T, roots ...string) string {
	t.Helper()
	var all strings.Builder
	for _, root := range roots {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
