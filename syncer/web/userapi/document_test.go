// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is the OpenAPI document, with what responses have shown of it.
type document struct {
	root     map[string]any
	compiler *jsonschema.Compiler

	mu sync.Mutex
	// seen are the operations and statuses of responses: "PUT /api/… 200".
	seen map[string]bool
}

func newDocument(t testing.TB) *document {
	t.Helper()
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(documentJSON()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", root); err != nil {
		t.Fatal(err)
	}
	return &document{root: root.(map[string]any), compiler: compiler, seen: map[string]bool{}}
}

// at is the value at a path of keys, after references; nil for none. pointer is where it is.
func (d *document) at(keys ...string) (value any, pointer string) {
	value = d.root
	for _, key := range keys {
		node, _ := value.(map[string]any)
		value = node[key]
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if node, is := value.(map[string]any); is && node["$ref"] != nil {
			value, pointer = d.at(strings.Split(strings.TrimPrefix(node["$ref"].(string), "#/"), "/")...)
		}
	}
	return value, pointer
}

// operations are all operations and statuses of the document, apart from that of the document.
func (d *document) operations() (all []string) {
	for path, item := range d.root["paths"].(map[string]any) {
		for verb, operation := range item.(map[string]any) {
			if verb == "parameters" || path == documentPath {
				continue
			}
			for status := range operation.(map[string]any)["responses"].(map[string]any) {
				all = append(all, strings.ToUpper(verb)+" "+path+" "+status)
			}
		}
	}
	slices.Sort(all)
	return all
}

// check compares a response, or with an empty status a request, with the document.
func (d *document) check(one route, status int, body []byte) error {
	keys := []string{"paths", one.path, strings.ToLower(one.method)}
	if status == 0 {
		keys = append(keys, "requestBody", "content", mediaType, "schema")
	} else {
		keys = append(keys, "responses", strconv.Itoa(status), "content", mediaType, "schema")
	}
	found, pointer := d.at(keys...)
	if found == nil {
		return fmt.Errorf("not in the document: %s %s, status %d", one.method, one.path, status)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema, err := d.compiler.Compile("openapi.json#" + pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	d.seen[operationName(one, status)] = true
	return schema.Validate(value)
}

// operationName is an operation with a status of a response.
func operationName(one route, status int) string {
	return fmt.Sprintf("%s %s %d", one.method, one.path, status)
}

func TestDocumentHasExactlyTheOperationsOfTheHandler(t *testing.T) {
	t.Parallel()
	d := newDocument(t)
	if d.root["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", d.root["openapi"])
	}
	var documented []string
	for _, one := range d.operations() {
		verb, rest, _ := strings.Cut(one, " ")
		path, _, _ := strings.Cut(rest, " ")
		documented = append(documented, verb+" "+path)
	}
	var served []string
	for _, one := range routes {
		served = append(served, one.method+" "+one.path)
		if found, _ := d.at("paths", one.path, strings.ToLower(one.method), "responses", strconv.Itoa(one.status)); found == nil {
			t.Errorf("%s %s: success %d is not in the document", one.method, one.path, one.status)
		}
		body, _ := d.at("paths", one.path, strings.ToLower(one.method), "requestBody")
		if has := one.method == http.MethodPost || one.method == http.MethodPut; has != (body != nil) {
			t.Errorf("%s %s: requestBody %v", one.method, one.path, body)
		}
		parameters, _ := d.at("paths", one.path, "parameters")
		listed, _ := parameters.([]any)
		if len(listed) != strings.Count(one.path, "{") {
			t.Errorf("%s: parameters %v", one.path, listed)
		}
	}
	slices.Sort(served)
	if documented = slices.Compact(documented); !slices.Equal(documented, served) {
		t.Errorf("documented %q\nserved %q", documented, served)
	}
}
