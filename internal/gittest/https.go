// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gittest

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/cgi" //nolint:gosec // fixed in all supported versions of Go
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// HTTPS serves the repositories below a folder.
type HTTPS struct {
	// URL is https://host:port, CACert a PEM file of the authority of its certificate.
	URL, CACert string
	// Authorized decides whether a request is allowed; nil allows all.
	Authorized func(*http.Request) bool
	// Before may respond to a request itself; then it returns true.
	Before func(http.ResponseWriter, *http.Request) bool
	// ContentType changes the content type of each answer of git, if set.
	ContentType func(string) string
	// OldProtocol disables protocol 2.
	OldProtocol bool

	mu       sync.Mutex
	cut      int
	requests []string
}

// NewHTTPS starts a server, which stops at the end of the test. Its fields may be set until the first request.
func NewHTTPS(t testing.TB, root string) *HTTPS {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	s := &HTTPS{}
	server := httptest.NewUnstartedServer(s.handler(git, root))
	server.Config.ErrorLog = log.New(testLog{t}, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.URL = server.URL
	s.CACert = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(s.CACert, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// CutAfter cuts each response to a POST after so many bytes; 0 turns this off.
func (s *HTTPS) CutAfter(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = bytes
}

// Requests returns the requests since the last call: the method and the last part of the path.
func (s *HTTPS) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

func (s *HTTPS) handler(git, root string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+filepath.Base(r.URL.Path))
		cut := s.cut
		s.mu.Unlock()
		if s.Before != nil && s.Before(w, r) {
			return
		}
		if s.Authorized != nil && !s.Authorized(r) {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		backend := cgi.Handler{
			Path: git, Args: []string{"http-backend"}, Logger: log.New(io.Discard, "", 0), Stderr: io.Discard,
			Env: append(environment(), "GIT_PROJECT_ROOT="+root, "GIT_HTTP_EXPORT_ALL=1"),
		}
		if s.OldProtocol {
			r.Header.Del("Git-Protocol")
		} else {
			backend.Env = append(backend.Env, "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
		}
		if cut > 0 && r.Method == http.MethodPost {
			w = &cutter{ResponseWriter: w, left: cut}
		}
		if s.ContentType != nil {
			w = typed{w, s.ContentType}
		}
		backend.ServeHTTP(w, r)
	})
}

// typed changes the content type of an answer.
type typed struct {
	http.ResponseWriter
	change func(string) string
}

func (t typed) WriteHeader(status int) {
	t.Header().Set("Content-Type", t.change(t.Header().Get("Content-Type")))
	t.ResponseWriter.WriteHeader(status)
}

// cutter closes the connection after a number of bytes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// testLog writes a server's log to the test, without errors of clients that do not trust its certificate.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if !strings.Contains(string(b), "TLS handshake error") && l.t.Context().Err() == nil {
		l.t.Logf("%s", b)
	}
	return len(b), nil
}
