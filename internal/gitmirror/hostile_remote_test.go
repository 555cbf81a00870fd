// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
)

// TestRedirectsAreNotFollowed has a second server, which must get no request.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := overHTTPS(t)
	elsewhere.repo.Commit("main", "a.yaml", "theirs")
	w := overHTTPS(t)
	first := w.repo.Commit("main", "a.yaml", "1")
	w.cfg.Access.TokenFile = file(t, canary)
	w.update(true, first)
	w.repo.Commit("main", "a.yaml", "2")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w.web.Before = func(answer http.ResponseWriter, r *http.Request) bool {
			if r.Method != method {
				return false
			}
			to := elsewhere.web.URL + r.URL.Path + "?" + r.URL.RawQuery + "&token=" + canary
			http.Redirect(answer, r, to, http.StatusTemporaryRedirect)
			return true
		}
		err := w.fails(gitmirror.ErrRejected, "remote.redirect_hosts", "target: "+elsewhere.web.URL+"/shop.git", "set its new URL")
		noCanary(t, w, err)
	}
	if got := elsewhere.web.Requests(); len(got) > 0 {
		t.Errorf("the other server was asked: %q", got)
	}
	if w.at() != first {
		t.Error("the mirror moved")
	}
}

func TestRedirectToListedHostIsFollowed(t *testing.T) {
	t.Parallel()
	moved := overHTTPS(t)
	head := moved.repo.Commit("main", "a.yaml", "1")
	moved.web.Authorized = func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+canary }
	w := overHTTPS(t)
	w.web.Before = func(answer http.ResponseWriter, r *http.Request) bool {
		http.Redirect(answer, r, moved.web.URL+r.URL.RequestURI(), http.StatusMovedPermanently)
		return true
	}
	var both strings.Builder
	for _, path := range []string{w.web.CACert, moved.web.CACert} {
		pem, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		both.Write(pem)
	}
	w.cfg.Access = gitmirror.Access{CACert: file(t, both.String()), TokenFile: file(t, canary), RedirectHosts: []string{strings.TrimPrefix(moved.web.URL, "https://")}}
	w.update(true, head)
}

func TestInvalidResponsesAreErrors(t *testing.T) {
	t.Parallel()
	advertisement := func(body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, canary+"\x1b[31m", code)
			return true
		}
	}
	for name, test := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		is     error
		want   string
	}{
		"a web page":         {status(200), nil, "no repository found at"},
		"unavailable":        {status(503), gitmirror.ErrUnreachable, "503 Service Unavailable"},
		"too many requests":  {status(429), gitmirror.ErrUnreachable, "429"},
		"forbidden":          {status(403), gitmirror.ErrAuthentication, "403"},
		"a teapot":           {status(418), gitmirror.ErrRejected, "418"},
		"nothing":            {advertisement(""), gitmirror.ErrUnreachable, "EOF"},
		"no packets":         {advertisement("hello, world"), nil, "not that of a git server"},
		"half a packet":      {advertisement("00ffhello"), nil, "not that of a git server"},
		"an error":           {advertisement("0014ERR go \x1b[31maway"), gitmirror.ErrRejected, "go "},
		"no commands":        {advertisement("000eversion 2\n0000"), nil, "not that of a git server"},
		"an odd format":      {advertisement("000eversion 2\n000cls-refs\n0015object-format=md5\n0000"), nil, "not that of a git server"},
		"not an object's id": {advertisement("001d--upload refs/heads/main\x00\n0000"), nil, "not that of a git server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := overHTTPS(t)
			w.web.Before = test.before
			noCanary(t, w, w.fails(test.is, test.want))
		})
	}
}

// TestHostileTextOfARemoteReachesNoErrorRaw has a server whose error packet, target of a
// redirect, or body of an answer is hostile.
func TestHostileTextOfARemoteReachesNoErrorRaw(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	for kind, text := range foreigntest.Texts {
		text = text[:min(len(text), 30_000)]
		for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
			"error packet": func(a http.ResponseWriter, _ *http.Request) {
				a.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
				_, _ = fmt.Fprintf(a, "%04xERR %s", len(text)+8, text)
			},
			"redirect": func(a http.ResponseWriter, _ *http.Request) {
				a.Header().Set("Location", "https://127.0.0.1:1/"+text)
				a.WriteHeader(http.StatusMovedPermanently)
			},
			"web page": func(a http.ResponseWriter, _ *http.Request) {
				a.Header().Set("Content-Type", text)
				a.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(a, text)
			},
		} {
			w.web.Before = func(a http.ResponseWriter, r *http.Request) bool {
				answer(a, r)
				return true
			}
			err := w.fails(nil)
			before := t.Failed()
			foreigntest.CheckText(t, err.Error()+"\n")
			if name == "error packet" && kind != "NUL" /* git reads no further */ && !strings.Contains(err.Error(), foreigntest.Canary) {
				t.Errorf("the text is not in %q", err)
			}
			if t.Failed() && !before {
				t.Errorf("^ %s: %s", name, kind)
			}
		}
	}
}

// TestListingOfRefsIsBounded has a server whose listing never ends.
func TestListingOfRefsIsBounded(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	w.web.Before = func(answer http.ResponseWriter, _ *http.Request) bool {
		answer.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		id := strings.Repeat("1", 40)
		_, err := io.WriteString(answer, "003f"+id+" refs/heads/first\x00\n")
		chunk := strings.Repeat("003e"+id+" refs/heads/other\n", 10_000)
		for err == nil {
			_, err = io.WriteString(answer, chunk)
		}
		return true
	}
	w.fails(gitmirror.ErrTooLarge, "more than 64 MiB")
}
