// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// site serves pages with a strict content security policy, and returns what forms send.
func site(t *testing.T) (address string, sent <-chan string) {
	t.Helper()
	forms := make(chan string, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if visitor, err := r.Cookie("visitor"); err == nil {
			w.Header().Set("X-Visitor", visitor.Value)
			fmt.Fprintf(w, pageHTML, "Again", "seen before")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "one", HttpOnly: true})
		fmt.Fprintf(w, pageHTML, "Start", "new here")
	})
	mux.HandleFunc("GET /problem", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, pageHTML, "Problem", "it has changed")
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>Bad</title><img src="http://example.com/x.png"><p style="color: red">inline</p>`)
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, `:root { color-scheme: light dark; background: #fff }
			@media (prefers-color-scheme: dark) { :root { background: #111 } .faint { color: #333 } }`)
	})
	mux.HandleFunc("GET /script.js", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `document.getElementById("script").textContent = "scripts run"`)
	})
	mux.HandleFunc("POST /save", func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		content := []byte("no file")
		if err == nil {
			content, _ = io.ReadAll(file)
		}
		forms <- r.FormValue("value") + "|" + r.FormValue("keep") + "|" + r.FormValue("role") + "|" + string(content)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, forms
}

const pageHTML = `<!doctype html><html lang="en"><title>Page</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script>
<main><h1>%s</h1><p>%s</p><p id="script">scripts are off</p>
<form method="post" action="/save" enctype="multipart/form-data">
<label for="v">Value</label> <textarea id="v" name="value">old</textarea>
<label><input type="checkbox" name="keep" value="yes"> Keep the final newline</label>
<label for="f">File</label> <input id="f" type="file" name="file">
<label for="r">Role</label> <select id="r" name="role"><option>reader<option>writer</select>
<button>Save</button></form>
<p hidden><button>Hidden</button></p>
<p><a href="/problem">Problem</a></p></main>`

func TestFormArrivesAsEntered(t *testing.T) {
	t.Parallel()
	address, sent := site(t)
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("of a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			tab := New(t)
			tab.Scripts(scripts)
			tab.Open(address)
			if got := strings.Contains(tab.Text(), "scripts run"); got != scripts {
				t.Errorf("scripts run: %t, want %t", got, scripts)
			}
			tab.Fill("Value", "line 1\nüñ✓ 2")
			if got := tab.Value("Value"); got != "line 1\nüñ✓ 2" {
				t.Errorf("the field contains %q", got)
			}
			tab.Click("checkbox", "Keep the final newline")
			tab.Upload("File", file)
			tab.Choose("Role", "writer")
			tab.Follow("button", "Save")
			if got, want := <-sent, "line 1\r\nüñ✓ 2|yes|writer|of a file\n"; got != want {
				t.Errorf("the form sent %q, want %q", got, want)
			}
			if tab.URL() != address+"/" || tab.Status() != http.StatusOK || !tab.Has("heading", "Again") {
				t.Errorf("after the form: %s, status %d\n%s", tab.URL(), tab.Status(), tab.HTML())
			}
		})
	}
}

func TestFormIsSentByKeyboard(t *testing.T) {
	t.Parallel()
	address, sent := site(t)
	tab := New(t)
	tab.Open(address)
	tab.TabTo("checkbox", "Keep the final newline")
	tab.Press(KeySpace)
	tab.TabTo("button", "Save")
	tab.PressAndLoad(KeyEnter)
	if got, want := <-sent, "old|yes|reader|no file"; got != want {
		t.Errorf("the form sent %q, want %q", got, want)
	}
}

func TestTabsShareCookiesAndTestsDoNot(t *testing.T) {
	t.Parallel()
	address, _ := site(t)
	first := New(t)
	first.Open(address)
	second := first.NewTab()
	second.Open(address)
	other := New(t)
	other.Open(address)
	for name, test := range map[string]struct {
		tab  *Tab
		want string
	}{"first": {first, "new here"}, "second": {second, "seen before"}, "other": {other, "new here"}} {
		if !strings.Contains(test.tab.Text(), test.want) {
			t.Errorf("the %s tab shows %q", name, test.tab.Text())
		}
	}
}

func TestBackAndReload(t *testing.T) {
	t.Parallel()
	address, _ := site(t)
	tab := New(t)
	tab.Open(address)
	tab.Follow("link", "Problem")
	if tab.Status() != http.StatusConflict {
		t.Errorf("status %d", tab.Status())
	}
	tab.Back()
	if tab.URL() != address+"/" {
		t.Errorf("back at %s", tab.URL())
	}
	tab.Reload()
	tab.Await("Again")
	if !tab.Has("heading", "Again") || tab.Has("button", "Hidden") {
		t.Errorf("after the reload: %s", tab.Text())
	}
	if html := tab.HTML(); !strings.Contains(html, "<h1>Again</h1>") {
		t.Errorf("the document is %s", html)
	}
	tab.Follow("link", "Problem") // elements are found after HTML, too
}

func TestBrowserReportsWhatThePolicyBlocks(t *testing.T) {
	t.Parallel()
	address, _ := site(t)
	tab := New(t)
	tab.Open(address + "/bad")
	tab.ExpectMessage("http://example.com/x.png")
	tab.ExpectMessage("inline style")
}

func TestNamesBelowTestLeadToLoopback(t *testing.T) {
	t.Parallel()
	address, _ := site(t)
	tab := New(t)
	tab.Open(strings.Replace(address, "127.0.0.1", "other.test", 1))
	if !tab.Has("heading", "Start") {
		t.Errorf("the page is %q", tab.Text())
	}
}

func TestViolationIsFoundBehindThePolicy(t *testing.T) {
	t.Parallel()
	address, _ := site(t)
	tab := New(t)
	tab.Open(address)
	tab.AssertAccessible()
	call := func(dark bool) (found []string) {
		tab.Dark(dark)
		for _, v := range tab.violations() {
			found = append(found, v.String())
		}
		return found
	}
	evaluate[bool](tab, `document.querySelector("p").className = "faint"; true`)
	if light, dark := call(false), call(true); len(light) != 0 || len(dark) != 1 || !strings.Contains(dark[0], "color-contrast") {
		t.Errorf("light: %q, dark: %q", light, dark)
	}
	if len(tab.Screenshot()) < 1000 {
		t.Error("the screenshot is empty")
	}
	if entries, err := os.ReadDir(Dir(t)); err != nil || len(entries) == 0 {
		t.Errorf("the browser's folder has %d entries: %v", len(entries), err)
	}
}
