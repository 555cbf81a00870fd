// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// multipartForm is a form with many fields and files.
func multipartForm(fields map[string]string, files map[string][]byte) (kind string, body []byte) {
	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		_ = form.WriteField(name, fields[name])
	}
	for name, content := range files {
		part, _ := form.CreateFormFile(name, name)
		_, _ = part.Write(content)
	}
	_ = form.Close()
	return form.FormDataContentType(), text.Bytes()
}

func TestOversizedFormsAreRefusedAndWriteNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	page := "/workflows/" + w.workflow + "/add"
	many := map[string]string{"name": "a", "value": "v"}
	for i := range 300 {
		many[fmt.Sprintf("x%d", i)] = "y"
	}
	send := func(kind string, body io.Reader) response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+page, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		return b.send(r)
	}
	w.proxy.Reset()
	limit := w.server.maxValueBytes()
	manyKind, manyParts := multipartForm(many, nil)
	hugeKind, hugeFile := multipartForm(map[string]string{"name": "a", "kind": "file"}, map[string][]byte{"file": make([]byte, 3*limit)})
	overKind, overFile := multipartForm(map[string]string{"name": "a", "kind": "file"}, map[string][]byte{"file": make([]byte, limit+1)})
	headerKind := "multipart/form-data; boundary=b"
	cases := []struct {
		name, kind string
		body       io.Reader
		status     int
	}{
		{"many parts", manyKind, bytes.NewReader(manyParts), http.StatusRequestEntityTooLarge},
		{"a huge file", hugeKind, bytes.NewReader(hugeFile), http.StatusRequestEntityTooLarge},
		{"a file above the limit", overKind, bytes.NewReader(overFile), http.StatusUnprocessableEntity},
		{"a chunked value without end", headerKind, io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=value\r\n\r\n"), endless("x")), http.StatusRequestEntityTooLarge},
		{"a chunked body without end", headerKind, endless("x"), http.StatusBadRequest},
		{"a chunked form without end", "application/x-www-form-urlencoded", endless("a=b&"), http.StatusRequestEntityTooLarge},
		{"many fields", "application/x-www-form-urlencoded", strings.NewReader("name=a&value=v" + strings.Repeat("&", 10_000)), http.StatusRequestEntityTooLarge},
		{"a huge header of a part", headerKind, strings.NewReader("--b\r\nX: " + strings.Repeat("a", 3*limit) + "\r\n\r\nv\r\n--b--\r\n"), http.StatusRequestEntityTooLarge},
		{"many headers of a part", headerKind, strings.NewReader("--b\r\n" + strings.Repeat("X: a\r\n", 20_000) + "\r\nv\r\n--b--\r\n"), http.StatusRequestEntityTooLarge},
		{"no boundary", "multipart/form-data", strings.NewReader("--\r\n\r\n"), http.StatusBadRequest},
		{"a form that is cut off", headerKind, strings.NewReader("--b\r\nContent-Disposition: form-data; name=name\r\n\r\na"), http.StatusBadRequest},
		{"an unknown type", "application/json", strings.NewReader(`{"name":"a","value":"v"}`), http.StatusBadRequest},
		{"no type", "", strings.NewReader("name=a&value=v"), http.StatusBadRequest},
		{"a long reason", "application/x-www-form-urlencoded", strings.NewReader("name=a&value=v&reason=" + strings.Repeat("r", 9000)), http.StatusUnprocessableEntity},
		{"a long name", "application/x-www-form-urlencoded", strings.NewReader("value=v&name=" + strings.Repeat("n", 9000)), http.StatusUnprocessableEntity},
	}
	for _, c := range cases {
		if r := send(c.kind, c.body); r.status != c.status {
			t.Errorf("%s: %d, want %d\n%s", c.name, r.status, c.status, r.main())
		}
	}
	if w.writes() != 0 {
		t.Errorf("%d writes", w.writes())
	}
}

// endless is a text again and again, without a length.
func endless(text string) io.Reader {
	r, w := io.Pipe()
	go func() {
		part := []byte(strings.Repeat(text, 10_000))
		for {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}()
	return r
}

func TestSlowFormsOfOnePersonDoNotKeepOthersFromWriting(t *testing.T) {
	t.Parallel()
	w, client := secureWorld(t, nil)
	rules := w.rules(t, policy.Operator, nil)
	slow := &browser{t, client, w.url}
	name, password := w.PersonLogin(t, rules)
	slow.begin(name, password)
	page := "/workflows/" + w.workflow + "/add"
	var open []*io.PipeWriter
	for range maxFormsPerPerson {
		body, end := io.Pipe()
		open = append(open, end)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+page, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		go func() {
			if answer, err := client.Do(r); err == nil {
				_ = answer.Body.Close()
			}
		}()
		_, _ = end.Write([]byte("name=a")) // returns once the server reads
	}
	taken := func() int { return len(w.server.forms.free) }
	if !await.Until(20*time.Second, func() bool { return taken() == maxFormsPerPerson }) {
		t.Fatalf("%d forms are being read", taken())
	}
	if r := slow.post(page, url.Values{"name": {"b"}, "value": {"v"}}); r.status != http.StatusTooManyRequests || !strings.Contains(r.body, "Busy") {
		t.Errorf("one more form of the person: %d\n%s", r.status, r.main())
	}
	other := &browser{t, client, w.url}
	other.Client = &http.Client{Transport: client.Transport, Jar: w.browser(t).Jar, CheckRedirect: client.CheckRedirect}
	name, password = w.PersonLogin(t, rules)
	other.begin(name, password)
	if r := other.post(page, url.Values{"name": {"c"}, "value": {"v"}}); r.status != http.StatusSeeOther {
		t.Errorf("another person: %d\n%s", r.status, r.main())
	}
	for _, end := range open {
		_ = end.CloseWithError(io.ErrUnexpectedEOF)
	}
	if !await.Until(20*time.Second, func() bool { return taken() == 0 }) {
		t.Errorf("%d forms are never freed", taken())
	}
}
