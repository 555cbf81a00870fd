// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// recorder keeps every answer of a browser, with its headers.
type recorder struct {
	next http.RoundTripper
	text bytes.Buffer
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body := new(bytes.Buffer)
	_, err = body.ReadFrom(answer.Body)
	_ = answer.Body.Close()
	_, _ = fmt.Fprintf(&r.text, "%s %s\n%d %v\n", request.Method, request.URL, answer.StatusCode, answer.Header)
	r.text.Write(body.Bytes())
	answer.Body = readCloser{body}
	return answer, err
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

// recorded lets a browser keep its answers.
func (b *browser) recorded() *recorder {
	r := &recorder{next: http.DefaultTransport}
	b.Transport = r
	return r
}

// TestNoValueTokenOrPasswordLeavesThePage sends values that are written, that are refused by the
// form, by Vault and by another writer, and whose outcome is unknown.
func TestNoValueTokenOrPasswordLeavesThePage(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	w := newWorld(t, nil)
	value := vaulttest.Canary(t)
	rules := w.rules(t, policy.Administrator, nil)
	name, password := w.PersonLogin(t, rules)
	b := w.browser(t)
	answers := b.recorded()
	b.begin(name, value) // a wrong password
	b.post("/login", url.Values{"login": {"0"}, "username": {"x"}, "password": {value}, "next": {"/workflows"}})
	b.beginWith(value)
	if r := b.begin(name, password); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	token := w.tokenOf(t, b.ticketOf())
	w.canaryChanges(t, b, value)

	other := w.logIn(t, rules)
	others := other.recorded()
	page := "/workflows/" + w.workflow
	for _, one := range []*browser{b, other} {
		for _, path := range []string{"/workflows", page, page + "/secrets/a", page + "/secrets/a/replace", "/activity", "/connections", "/connections/custom/c", "/connections/custom/c/replace", "/me", "/unknown"} {
			one.get(path)
		}
	}
	b.post("/logout", nil)
	audit, err := os.ReadFile(w.audit)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string][]byte{
		"an answer": answers.text.Bytes(), "an answer to another person": others.text.Bytes(), "the log": []byte(w.log.String()), "the audit file": audit,
		"the store of sessions": fmt.Appendf(nil, "%#v", w.server.sessions), "the names of temporary files": namesOf(t, folder),
	}
	vaulttest.AssertNoCanary(t, value, outputs)
	vaulttest.AssertNoCanary(t, password, outputs)
	vaulttest.AssertNoCanary(t, token, outputs)
	if files := namesOf(t, folder); len(files) != 0 {
		t.Errorf("temporary files: %s", files)
	}
	w.proxy.AssertBlind(t)
	w.proxy.AssertCheckAndSet(t)
}

// canaryChanges makes changes with a value, and such that fail.
func (w *world) canaryChanges(t *testing.T, b *browser, value string) {
	t.Helper()
	page := "/workflows/" + w.workflow
	want := func(r response, status int) {
		t.Helper()
		if r.status != status {
			t.Errorf("%d, want %d\n%s", r.status, status, r.main())
		}
	}
	upload := func(path, name, filename, content string, status int) {
		t.Helper()
		kind, body := multipartForm(map[string]string{"name": name, "kind": "file", "seen_version": "1"}, map[string][]byte{"file": []byte(content)})
		want(b.attack(request{method: http.MethodPost, path: path, body: string(bytes.ReplaceAll(body, []byte(`filename="file"`), []byte(`filename="`+filename+`"`))), header: map[string]string{"Content-Type": kind}}), status)
	}
	want(b.post(page+"/add", url.Values{"name": {"a"}, "value": {value}}), http.StatusSeeOther)
	want(b.post(page+"/add", url.Values{"name": {"a"}, "value": {value}}), http.StatusConflict)
	want(b.post(page+"/add", url.Values{"name": {"/"}, "value": {value}}), http.StatusUnprocessableEntity)
	want(b.post(page+"/add", url.Values{"name": {"p"}, "kind": {"pairs"}, "key": {"user", ""}, "pair": {value, value}}), http.StatusUnprocessableEntity)
	want(b.post(page+"/add", url.Values{"name": {"p"}, "kind": {"pairs"}, "key": {"user"}, "pair": {value}}), http.StatusSeeOther)
	want(b.post(page+"/add", url.Values{"name": {"x"}, "kind": {value}, "value": {value}}), http.StatusUnprocessableEntity)
	want(b.post("/workflows/another/add", url.Values{"name": {"a"}, "value": {value}}), http.StatusForbidden)
	upload(page+"/add", "f", value, value, http.StatusSeeOther)
	upload(page+"/add", "large", "f", strings.Repeat(value, 2*w.server.maxValueBytes()/len(value)), http.StatusUnprocessableEntity)
	upload(page+"/add", "huge", "f", strings.Repeat(value, 3*w.server.maxValueBytes()/len(value)), http.StatusRequestEntityTooLarge)
	want(b.attack(request{method: http.MethodPost, path: page + "/add", body: "%zz" + value + "=" + value}), http.StatusBadRequest)
	want(b.attack(request{method: http.MethodPost, path: page + "/add", body: value, header: map[string]string{"Content-Type": "text/" + value}}), http.StatusBadRequest)
	want(b.post(page+"/secrets/a/replace", url.Values{"seen_version": {"7"}, "value": {value}}), http.StatusConflict)
	want(b.post("/connections/add", url.Values{"type": {"custom"}, "name": {"c"}, "field.a": {value}}), http.StatusSeeOther)
	want(b.post("/connections/add", url.Values{"type": {"custom"}, "name": {"d"}, "field.a": {value}, "key": {"a"}, "pair": {value}}), http.StatusUnprocessableEntity)
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.CutAt(vaulttest.After)
		}
		return vaulttest.Action{}
	})
	want(b.post(page+"/add", url.Values{"name": {"cut"}, "value": {value}}), http.StatusBadGateway)
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.FailWith(http.StatusBadRequest)
		}
		return vaulttest.Action{}
	})
	b.post(page+"/add", url.Values{"name": {"failed"}, "value": {value}})
	w.proxy.Hook(nil)
}

// namesOf are the files below a folder.
func namesOf(t *testing.T, folder string) []byte {
	t.Helper()
	var out []byte
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out = append(out, path+"\n"...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
