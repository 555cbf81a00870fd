// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/certtest"
)

// secure is a running server with TLS.
type secure struct {
	address, certificate, key string
	log                       *bytes.Buffer
}

func startTLS(t *testing.T, limits Limits) secure {
	t.Helper()
	folder := t.TempDir()
	s := secure{certificate: filepath.Join(folder, "tls.crt"), key: filepath.Join(folder, "tls.key"), log: new(bytes.Buffer)}
	certtest.Write(t, s.certificate, s.key)
	config, err := TLS(s.certificate, s.key, slog.New(slog.NewTextHandler(s.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	server := NewServer(handler, limits, slog.New(slog.DiscardHandler))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(l, config) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

// get trusts only the certificate that the file has now, and is a new connection.
func (s secure) get(t *testing.T) (string, error) {
	t.Helper()
	authority, err := os.ReadFile(s.certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + s.address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestReplacedCertificateIsUsedAtTheNextHandshake(t *testing.T) {
	t.Parallel()
	s := startTLS(t, DefaultLimits)
	if got, err := s.get(t); err != nil || got != "HTTP/1.1" {
		t.Fatalf("%q, %v", got, err)
	}
	old, err := os.ReadFile(s.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := os.ReadFile(s.certificate)
	if err != nil {
		t.Fatal(err)
	}
	certtest.Write(t, s.certificate, s.key)
	if _, err := s.get(t); err != nil {
		t.Errorf("the new certificate: %v", err)
	}
	// Half of a pair.
	if err := os.WriteFile(s.key, old, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.get(t); err != nil {
			t.Errorf("while the key is of another certificate: %v", err)
		}
	}
	for want, times := range map[string]int{
		`msg="certificate replaced"`: 1, `level=WARN msg="certificate cannot be used, the previous one stays in use" file=` + s.certificate: 1,
		"not a certificate and its private key in PEM format": 1, "hint=": 1,
	} {
		if got := strings.Count(s.log.String(), want); got != times {
			t.Errorf("%q is %d times in the log, expected %d:\n%s", want, got, times, s.log)
		}
	}
	if err := os.WriteFile(s.certificate, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.get(t); err != nil {
		t.Errorf("the old pair again: %v", err)
	}
}

// TestConnectionsWithTLSAreCounted: also those that send nothing, or no TLS.
func TestConnectionsWithTLSAreCounted(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits
	limits.Connections, limits.ConnectionsPerClient = 4, 4
	s := startTLS(t, limits)
	var open []net.Conn
	for range limits.Connections {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	if _, err := s.get(t); err != nil {
		t.Fatal(err)
	}
	ends(t, open[0])
}

func TestOnlyTheTokenIsAnswered(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("the-first-token-0123\n")
	var log bytes.Buffer
	handler, err := OnlyToken(file, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	status := func(authorization ...string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = authorization
		handler.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "first") {
			t.Errorf("the answer has the token: %s", w.Body)
		}
		return w.Code
	}
	for _, wrong := range [][]string{
		nil, {""}, {"Bearer"}, {"Bearer "}, {"the-first-token-0123"}, {"Basic the-first-token-0123"}, {"Bearer the-first-token-012"},
		{"Bearer the-first-token-01234"}, {"Bearer The-first-token-0123"}, {"Bearer  the-first-token-0123"}, {"", "Bearer the-first-token-0123"},
	} {
		if got := status(wrong...); got != http.StatusUnauthorized {
			t.Errorf("%q: %d", wrong, got)
		}
	}
	if got := status("Bearer the-first-token-0123"); got != http.StatusNoContent {
		t.Errorf("the token: %d", got)
	}
	for _, unusable := range []string{"", "short", "two words of a token"} {
		write(unusable)
		if got := status("Bearer " + unusable); got != http.StatusUnauthorized {
			t.Errorf("the unusable token %q: %d", unusable, got)
		}
		if got := status("Bearer the-first-token-0123"); got != http.StatusNoContent {
			t.Errorf("the token while the file has %q: %d", unusable, got)
		}
		if err := CheckToken(file); err == nil {
			t.Errorf("the unusable token %q is accepted at the start", unusable)
		}
	}
	if got := strings.Count(log.String(), "token cannot be used, the previous one stays in use"); got != 3 {
		t.Errorf("%d warnings about 3 tokens:\n%s", got, &log)
	}
	write("the-second-token-0123\n")
	if first, second := status("Bearer the-first-token-0123"), status("Bearer the-second-token-0123"); first != http.StatusUnauthorized || second != http.StatusNoContent {
		t.Errorf("after the token was replaced: %d and %d", first, second)
	}
}
