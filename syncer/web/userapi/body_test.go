// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBodyIsStrictJSON(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]object{
		`{"name":"a","value":"b"}` + "\n": {"name": "a", "value": "b"},
		`{}`:                              {},
		`{"value":{"$encoding":"base64","data":"AA=="}}`:  {"value": object{"$encoding": "base64", "data": "AA=="}},
		`{"a":{"b":{"c":{}}}}`:                            {"a": object{"b": object{"c": object{}}}},
		`{"a":"\ud83d\ude00\\ud800"}`:                     {"a": "😀\\ud800"},
		`{"a":"\u0000\ufffd\u00e9"}`:                      {"a": "\x00\ufffdé"},
		`{"a":1,"b":true,"c":null,"d":[1,[2],{"a":"b"}]}`: {"a": nil, "b": nil, "c": nil, "d": nil},
		` {"a":"` + "\U0001F600" + `"} `:                  {"a": "\U0001F600"},
	} {
		got, err := parseObject([]byte(body))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
	for body, want := range map[string]string{
		``:                               `invalid JSON`,
		`hunter2`:                        `invalid JSON`,
		`"hunter2"`:                      `must be a JSON object`,
		`["hunter2"]`:                    `must be a JSON object`,
		`{"a":"hunter2"`:                 `invalid JSON`,
		`{"a":"hunter2",}`:               `invalid JSON`,
		`{"a":"hunter2"}{}`:              `invalid JSON`,
		`{"a":"hunter2","a":"x"}`:        `duplicate key`,
		`{"a":"hunter2","\u0061":"x"}`:   `duplicate key`,
		`{"x":{"a":"hunter2","a":""}}`:   `duplicate key`,
		`{"a":{"b":{"c":{"d":{}}}}}`:     `nested too deeply`,
		`{"a":[[[["hunter2"]]]]}`:        `nested too deeply`,
		`{"a":"\ud800hunter2"}`:          `invalid Unicode`,
		`{"a":"\ude00\ud83dhunter2"}`:    `invalid Unicode`,
		`{"a":"\ud83d\u0041hunter2"}`:    `invalid Unicode`,
		`{"a":"hunter2\ud83d"}`:          `invalid Unicode`,
		"{\"a\":\"hunter2\xff\"}":        `invalid Unicode`,
		strings.Repeat(`{"a":`, 100_000): `invalid JSON`,
	} {
		got, err := parseObject([]byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.60s: %v, %v, want %q", body, got, err, want)
		}
	}
}

func TestBodyIsBoundedAndJSONOnly(t *testing.T) {
	t.Parallel()
	read := func(body, media string) error {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		_, err := readObject(httptest.NewRecorder(), r, 1)
		return err
	}
	fits := `{"a":"` + strings.Repeat("a", escaped+besides-8) + `"}`
	for name, c := range map[string]struct {
		body, media string
		status      int
	}{
		"largest":               {fits, mediaType, 0},
		"plain JSON":            {"{}", "application/json; charset=utf-8", 0},
		"larger":                {fits + " ", mediaType, http.StatusRequestEntityTooLarge},
		"form":                  {"{}", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		"text, as of a browser": {"{}", "text/plain", http.StatusUnsupportedMediaType},
		"nothing":               {"{}", "", http.StatusUnsupportedMediaType},
	} {
		err := read(c.body, c.media)
		if (err == nil) != (c.status == 0) || err != nil && failureOf(err).kind.status != c.status {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValuesHaveRelaysForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value         any
		text, problem string
	}{
		"text":             {"a\r\nb\n", "a\r\nb\n", ""},
		"with base64:":     {"base64:aGVsbG8=", "base64:aGVsbG8=", ""},
		"bytes":            {object{"$encoding": "base64", "data": "AP8="}, "\x00\xff", ""},
		"encoded text":     {object{"$encoding": "", "data": "x"}, "x", ""},
		"empty":            {"", "", "the value is empty"},
		"empty bytes":      {object{"$encoding": "base64", "data": ""}, "", "the value is empty"},
		"another encoding": {object{"$encoding": "hex", "data": "00"}, "", "unsupported $encoding"},
		"not base64":       {object{"$encoding": "base64", "data": "hunter2!"}, "", "invalid base64"},
		"no padding":       {object{"$encoding": "base64", "data": "AP8"}, "", "invalid base64"},
		"no data":          {object{"$encoding": "base64"}, "", "must be a string, or an object"},
		"no encoding":      {object{"data": "hunter2"}, "", "must be a string, or an object"},
		"more members":     {object{"$encoding": "", "data": "hunter2", "x": ""}, "", "must be a string, or an object"},
		"a number":         {nil, "", "must be a string, or an object"},
	} {
		text, problem := plainText(c.value)
		if text != c.text || !strings.HasPrefix(problem, c.problem) || c.problem == "" && problem != "" || strings.Contains(problem, "hunter2") {
			t.Errorf("%s: %q, %q", name, text, problem)
		}
	}
}

func TestFieldsReportAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	body, err := parseObject([]byte(`{"hunter2":"x","name":"a/b","auth":{"type":"oauth2","fields":{"a":1,"b":"ok"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	f := fieldsOf(body, "name", "type", "auth")
	f.text("name", func(name string) error { return checkName("connection", name) })
	f.text("type", func(string) error { return nil })
	f.login("aws")
	failure := failureOf(f.err())
	for _, field := range []string{"(unknown key)", "name", "type", "auth.type", "auth.fields", "auth.fields.a"} {
		if failure.fields[field] == "" {
			t.Errorf("no problem of %s in %v", field, failure.fields)
		}
	}
	if len(failure.fields) != 6 || failure.kind.status != http.StatusUnprocessableEntity || strings.Contains(failure.text, "hunter2") {
		t.Errorf("%+v", failure)
	}
}

func TestValueThatRelaysCommandLineCutsHasAWarning(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{truncated - 1: 0, truncated: 1, truncated + 1: 0} {
		f := fieldsOf(object{"value": strings.Repeat("a", size)}, "value")
		if _, warnings := f.value("value"); len(warnings) != want || f.err() != nil {
			t.Errorf("%d bytes: %q, %v", size, warnings, f.err())
		}
	}
}
