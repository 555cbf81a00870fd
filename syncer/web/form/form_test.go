// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package form

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

const limit = 100

// posted is the form that a browser sends; names that begin with "@" are files.
func posted(t *testing.T, fields ...string) (*Form, error) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		var part io.Writer
		var err error
		if name, file := strings.CutPrefix(fields[i], "@"); file {
			part, err = w.CreateFormFile(name, "key.pem")
		} else {
			part, err = w.CreateFormField(fields[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, fields[i+1])
	}
	_ = w.Close()
	return read(w.FormDataContentType(), &body)
}

func read(contentType string, body io.Reader) (*Form, error) {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", contentType)
	return Read(httptest.NewRecorder(), r, limit)
}

func TestValueHasTheBytesThatWereEntered(t *testing.T) {
	t.Parallel()
	pairs := base64.StdEncoding.EncodeToString([]byte(`{"a<":"1\n2","b":"ü"}`))
	for name, c := range map[string]struct {
		fields []string
		want   string
		err    string
	}{
		"text":                    {fields: []string{Text, "a"}, want: "a"},
		"white space":             {fields: []string{Text, "  a\t "}, want: "  a\t "},
		"lines":                   {fields: []string{Kind, OfText, Text, "a\r\n\r\nb"}, want: "a\n\nb"},
		"a newline at the end":    {fields: []string{Text, "a\r\n"}, want: "a"},
		"two newlines":            {fields: []string{Text, "a\r\n\r\n"}, want: "a\n"},
		"a newline that is kept":  {fields: []string{Text, "a\r\n", Newline, "on"}, want: "a\n"},
		"a lone carriage return":  {fields: []string{Text, "a\rb"}, want: "a\rb"},
		"unicode":                 {fields: []string{Text, "пароль\u202e🔑"}, want: "пароль\u202e🔑"},
		"a file":                  {fields: []string{Kind, OfFile, "@" + File, "a\r\n\x00\xff\n", Text, "other"}, want: "a\r\n\x00\xff\n"},
		"pairs":                   {fields: []string{Kind, OfPairs, Key, " b ", Pair, "ü", Key, "", Pair, "", Key, "a<", Pair, "1\r\n2"}, want: pairs},
		"the limit":               {fields: []string{Text, strings.Repeat("a", limit)}, want: strings.Repeat("a", limit)},
		"the limit in lines":      {fields: []string{Text, strings.Repeat("\r\n", limit-1) + "a"}, want: strings.Repeat("\n", limit-1) + "a"},
		"above the limit":         {fields: []string{Text, strings.Repeat("a", limit+1)}, err: "larger than the limit of 100 bytes"},
		"far above the limit":     {fields: []string{Text, strings.Repeat("a", 5*limit)}, err: "larger than the limit of 100 bytes"},
		"a file above the limit":  {fields: []string{Kind, OfFile, "@" + File, strings.Repeat("a", limit+1)}, err: "larger than the limit"},
		"nothing":                 {err: "the value is empty"},
		"only a newline":          {fields: []string{Text, "\r\n"}, err: "the value is empty"},
		"no file":                 {fields: []string{Kind, OfFile, File, "text"}, err: "choose a file"},
		"an empty file":           {fields: []string{Kind, OfFile, "@" + File, ""}, err: "the value is empty"},
		"no pairs":                {fields: []string{Kind, OfPairs}, err: "no key-value pair"},
		"a pair without a key":    {fields: []string{Kind, OfPairs, Key, " ", Pair, "hunter2"}, err: "a name is missing"},
		"two pairs of one key":    {fields: []string{Kind, OfPairs, Key, "a", Pair, "1", Key, "a ", Pair, "2"}, err: "same name"},
		"a column that is longer": {fields: []string{Kind, OfPairs, Key, "a"}, err: ErrMalformed.Error()},
		"another kind":            {fields: []string{Kind, "hunter2", Text, "a"}, err: "choose text, a file or key-value pairs"},
	} {
		f, err := posted(t, c.fields...)
		var got string
		if err == nil {
			got, _ = f.value()
			_, err = f.Value()
		}
		if c.err == "" && (err != nil || got != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", name, err, c.err)
		}
	}
}

func TestFieldsOfAConnection(t *testing.T) {
	t.Parallel()
	f, err := posted(t, "field.host", "h\r\n", "field.key", "a\r\nb", "field.empty", "", "name", "x")
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Fields("field.")
	if err != nil || !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"host", "key"}) || f.text("field.host") != "h" || f.text("field.key") != "a\nb" {
		t.Errorf("%v, %v", got, err)
	}
	if f.Text("name") != "x" || f.Text("none") != "" || f.Checked("none") {
		t.Error("texts")
	}
}

func TestHostileFormsAreRefusedWithinBounds(t *testing.T) {
	t.Parallel()
	many := make([]string, 0, 2*maxParts+2)
	for range maxParts + 1 {
		many = append(many, "a", "b")
	}
	if _, err := posted(t, many...); !errors.Is(err, ErrTooLarge) {
		t.Errorf("many parts: %v", err)
	}
	if _, err := posted(t, "a", strings.Repeat("a", 2*limit+overhead)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large body: %v", err)
	}
	if f, err := posted(t, "name", strings.Repeat("a", maxText+1)); err != nil || len(f.Text("name")) != maxText {
		t.Errorf("a large name is not cut: %v", err)
	}
	header := strings.Repeat("A: b\r\n", 20_000)
	for name, c := range map[string]struct {
		kind, body string
		want       error
	}{
		"encoded":          {"application/x-www-form-urlencoded", strings.Repeat("a=b&", maxParts), ErrTooLarge},
		"a large encoded":  {"application/x-www-form-urlencoded", strings.Repeat("a", overhead+1), ErrTooLarge},
		"an invalid one":   {"application/x-www-form-urlencoded", "a=%zz;", ErrMalformed},
		"JSON":             {"application/json", "{}", ErrMalformed},
		"text":             {"text/plain", "a=b", ErrMalformed},
		"no type":          {"", "a=b", ErrMalformed},
		"no boundary":      {"multipart/form-data", "--x\r\n", ErrMalformed},
		"cut off":          {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhunter2", ErrMalformed},
		"headers of parts": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n" + header + "\r\n1\r\n--x--", ErrTooLarge},
	} {
		if _, err := read(c.kind, strings.NewReader(c.body)); !errors.Is(err, c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// The parser of net/http writes parts to TMPDIR.
func TestLargeFileReachesNoTemporaryFile(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, _ := w.CreateFormFile(File, "key.pem")
	_, _ = part.Write(bytes.Repeat([]byte("s3cret"), 100_000))
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, "/", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	if _, err := Read(httptest.NewRecorder(), r, 1<<20); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
