// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// The schemas are generated from the types of the configuration and the comments on their
// fields. Editors show those comments, and mark unknown keys and wrong values.
const (
	schemaFolder   = "../schemas/"
	schemaBase     = "https://github.com/relay-secrets/terraform-provider-relay/schemas/"
	configSchema   = "relay-sync.json"
	manifestSchema = "manifest.json"
	modeline       = "# yaml-language-server: $schema=https://raw.githubusercontent.com/relay-secrets/terraform-provider-relay/main/schemas/" + configSchema + "\n"
	dialect        = "https://json-schema.org/draft/2020-12/schema"
)

// schemaPackages have the types of the configuration and their constants.
var schemaPackages = []string{"config", "plan", "webhook", "notify", "election", "../internal/sopsfile/keyring"}

func TestSchemasAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	r := reference{t: t, comments: map[string]map[string]string{}}
	enums := map[string][]string{}
	for _, dir := range schemaPackages {
		r.read(dir)
		readEnums(t, dir, enums)
	}
	s := schemas{reference: &r, enums: enums, open: map[reflect.Type]bool{}}
	top := s.object(reflect.TypeFor[config.Config]())
	delete(top, "required")
	top["$schema"], top["$id"], top["title"] = dialect, schemaBase+configSchema, "The configuration of relay-sync"
	top["anyOf"] = []any{
		map[string]any{"required": []string{"controller", "vault", "sources"}},
		map[string]any{"required": []string{"vault", "web"}},
	}
	for name, schema := range map[string]any{configSchema: top, manifestSchema: manifestSchemaOf()} {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(schema); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(schemaFolder+name, text.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(schemaFolder + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text.String(), string(have)); diff != "" {
			t.Errorf("schemas/%s differs from the code (-); run go test ./syncer -run Schema -update:\n%s", name, diff)
		}
	}
}

// readEnums collects the values of the constants of named string types.
func readEnums(t *testing.T, dir string, into map[string][]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if named && literal && value.Kind == gotoken.STRING {
				text, _ := strconv.Unquote(value.Value) // the parser accepted it
				into[file.Name.Name+"."+kind.Name] = append(into[file.Name.Name+"."+kind.Name], text)
			}
			return true
		})
	}
}

type schemas struct {
	*reference
	enums map[string][]string
	open  map[reflect.Type]bool
}

// requiredField is the sentence in the comment on a field that every configuration has.
var requiredField = regexp.MustCompile(`\bRequired(\.|, unique)`)

// object is the schema of a struct.
func (s *schemas) object(of reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	comments, keys := s.comments[of.String()], map[string]string{}
	for field := range of.Fields() {
		keys[field.Name] = key(field)
	}
	for field := range of.Fields() {
		name := key(field)
		if name == "-" || name == "" {
			continue
		}
		schema := s.of(field.Type)
		schema["description"] = strings.NewReplacer(`\|`, "|", "&lt;", "<").Replace(meaning(comments[field.Name], field.Name, keys))
		properties[name] = schema
		if requiredField.MatchString(comments[field.Name]) {
			required = append(required, name)
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	return out
}

// duration is the form of time.ParseDuration without a sign.
const duration = `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^0$`

// of is the schema of a type.
func (s *schemas) of(kind reflect.Type) map[string]any {
	if kind == reflect.TypeFor[time.Duration]() {
		return map[string]any{"type": "string", "pattern": duration}
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return s.of(kind.Elem())
	case reflect.Struct:
		return s.object(kind)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(kind.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(kind.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	out := map[string]any{"type": "string"}
	if values := s.enums[kind.String()]; len(values) > 0 {
		out["enum"] = values
	}
	return out
}

// manifestSchemaOf is the schema of a manifest before and after its encryption (ARCHITECTURE.md,
// Manifests): texts at the depths of secrets and of fields, and nothing else.
func manifestSchemaOf() map[string]any {
	name := map[string]any{"pattern": `^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@ -]*$`, "maxLength": 128}
	text := map[string]any{"type": "string", "minLength": 1}
	named := func(values any, description string) map[string]any {
		return map[string]any{"type": "object", "propertyNames": name, "additionalProperties": values, "description": description}
	}
	return map[string]any{
		"$schema": dialect, "$id": schemaBase + manifestSchema, "title": "A manifest of relay-sync",
		"type": "object", "additionalProperties": false,
		"properties": map[string]any{
			"workflows": named(named(text, "The secrets of this workflow: a name and a text for each. Write numbers and booleans in quotes."),
				"The workflows, by name."),
			"connections": named(named(named(text, "The fields of this connection."), "The connections of this type, by name."),
				"The connections, by type, such as aws."),
			"sops": map[string]any{"type": "object", "description": "Written by sops. Do not change it by hand."},
		},
	}
}

// schemaOf is a generated schema.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFolder + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// document is a YAML document as a schema sees it.
func document(t *testing.T, text string) any {
	t.Helper()
	var out any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestExamplesFitTheSchemas(t *testing.T) {
	t.Parallel()
	schema, found := schemaOf(t, configSchema), 0
	for _, folder := range []string{"../examples", "../internal/demo/files"} {
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{"relay-sync.yaml", "remote.yaml", "relay-sync-web.yaml", "web.yaml"}, entry.Name()) {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(text, []byte("vault:")) {
				return err
			}
			found++
			if !strings.HasPrefix(path, "../internal") && !bytes.HasPrefix(text, []byte(modeline)) {
				t.Errorf("%s does not begin with %s", path, modeline)
			}
			if err := schema.Validate(document(t, string(text))); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 5 {
		t.Errorf("only %d configurations were found", found)
	}
	manifest := schemaOf(t, manifestSchema)
	for _, text := range []string{
		"workflows: {deploy-production: {token: 'ENC[a]'}}\nsops: {mac: x}", "workflows: {デプロイ: {'a b@c.d': x}}",
		"connections: {aws: {main: {accessKeyID: a}}}",
	} {
		if err := manifest.Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// wrongConfigurations are mistakes that an editor marks.
var wrongConfigurations = []string{
	"controler: c", "controller: [c]", "vault: {host: 'https://v'}", "vault: {token_file: t}", "vault: {address: 1}",
	"vault: {address: a, concurrency: many}", "vault: {address: a, settle: 30}", "vault: {address: a, settle: 30 seconds}",
	"vault: {address: a, allow_http: maybe}", "records: authenticated", "listen: 9460", "hosts: name", "socket_mode: 600",
	"sources: {}", "sources: [{drift: repair}]", "sources: [{history: maybe}]", "sources: [{drift_interval: 10}]",
	"sources: [{files: '*.yaml'}]", "sources: [{limits: {files: '10'}}]", "sources: [{approvals: {people: [a]}}]",
	"sources: [{webhook: {provider: github, secret: s}}]", "web: {listen: a, logins: userpass}", "web: {logins: []}", "tidy: {after: 30 days}",
	"election: {}extra: 1",
}

func TestMistakesDoNotFitTheSchemas(t *testing.T) {
	t.Parallel()
	const right = "controller: c\nvault: {address: 'https://v', token_file: t}\nsources: [{name: s, repository: r, workflows: [w], files: ['*']}]\n"
	schema := schemaOf(t, configSchema)
	if err := schema.Validate(document(t, right)); err != nil {
		t.Fatal(err)
	}
	for _, text := range wrongConfigurations {
		text = strings.Replace(text, "{}extra", "{extra: 1}\nextra", 1)
		wrong := document(t, right).(map[string]any)
		maps.Copy(wrong, document(t, text).(map[string]any))
		if schema.Validate(wrong) == nil {
			t.Errorf("the schema accepts %s", text)
		}
	}
	for _, text := range []string{"vault: {address: a}", "controller: c\nvault: {address: a}", "web: {listen: a, logins: []}"} {
		if schema.Validate(document(t, text)) == nil {
			t.Errorf("the schema accepts the whole configuration %s", text)
		}
	}
	manifest := schemaOf(t, manifestSchema)
	for _, text := range []string{
		"workflow: {a: {b: c}}", "workflows: {a: {b: 1}}", "workflows: {a: {b: true}}", "workflows: {a: {b: null}}", "workflows: {a: {b: ''}}",
		"workflows: {a: b}", "workflows: {a: [b]}", "workflows: {a: {b: {c: d}}}", "workflows: {'a:b': {c: d}}", "workflows: {a: {'-b': c}}", "connections: {aws: {main: x}}",
	} {
		if manifest.Validate(document(t, text)) == nil {
			t.Errorf("the schema of manifests accepts %s", text)
		}
	}
}
