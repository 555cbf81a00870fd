// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package daemon_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// remote is a server in place of the daemon's remote_access.
type remote struct {
	*httptest.Server
	folder   string
	settings daemon.Settings
}

func newRemote(t *testing.T, handler http.HandlerFunc) *remote {
	t.Helper()
	r := &remote{Server: httptest.NewUnstartedServer(handler), folder: t.TempDir()}
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.StartTLS()
	t.Cleanup(r.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
	r.settings = daemon.Settings{URL: r.URL, CACert: r.write(t, "ca.pem", string(certificate)), TokenFile: r.write(t, "token", "first-token-of-32-bytes\n")}
	return r
}

func (r *remote) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(r.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func client(t *testing.T, s daemon.Settings) *daemon.Client {
	t.Helper()
	c, err := daemon.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestReplacedTokenIsSentWithTheNextRequest needs no restart of the web page.
func TestReplacedTokenIsSentWithTheNextRequest(t *testing.T) {
	t.Parallel()
	r := newRemote(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer second-token-of-32-bytes" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(report.Inventory{Controller: r.RequestURI})
	})
	c := client(t, r.settings)
	if _, err := c.Summary(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "authentication failed (401). Hint: check that token_file has the token of the daemon's remote_access") {
		t.Errorf("the wrong token: %v", err)
	}
	if err := c.Changed(t.Context(), "shop"); err == nil || !strings.Contains(err.Error(), "authentication failed (401)") {
		t.Errorf("the wrong token: %v", err)
	}
	r.write(t, "token", "second-token-of-32-bytes\n")
	for want, request := range map[string]func() (report.Inventory, error){
		"/inventory":                    func() (report.Inventory, error) { return c.Inventory(t.Context()) },
		"/inventory?summary":            func() (report.Inventory, error) { return c.Summary(t.Context()) },
		"/inventory?workflow=a+%2F%26b": func() (report.Inventory, error) { return c.Workflow(t.Context(), "a /&b") },
	} {
		if got, err := request(); err != nil || got.Controller != want {
			t.Errorf("the request %s, %v; want %s", got.Controller, err, want)
		}
	}
}

// TestUntrustedDaemonReceivesNoToken: neither one with another certificate, nor one without
// TLS.
func TestUntrustedDaemonReceivesNoToken(t *testing.T) {
	t.Parallel()
	r := newRemote(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrives") })
	untrusted := r.settings
	untrusted.CACert = ""
	const hint = "Hint: check the name in the URL, and the certificate authority in ca_cert"
	if _, err := client(t, untrusted).Status(t.Context()); err == nil || !strings.Contains(err.Error(), "the certificate is not trusted, expired or for another name. "+hint) {
		t.Errorf("another authority: %v", err)
	}
	plain := r.settings
	plain.URL = "http://relay-sync.example.com"
	if _, err := daemon.New(plain); err == nil || !strings.Contains(err.Error(), "must begin with https://") {
		t.Errorf("without TLS: %v", err)
	}
}

// TestHostileAnswerIsAnError: one that does not end is not kept in memory, and none of it
// is printed.
func TestHostileAnswerIsAnError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(io.Writer){
		"another server": func(w io.Writer) { _, _ = io.WriteString(w, "<html>\x1b[2J") },
		"endless": func(w io.Writer) {
			_, err := io.WriteString(w, `{"controller":"`)
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat("x", 1<<20))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemote(t, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
			c := client(t, r.settings)
			for _, request := range []func() error{
				func() error { _, err := c.Status(t.Context()); return err },
				func() error { _, err := c.Inventory(t.Context()); return err },
				func() error { _, err := c.Activity(t.Context()); return err },
			} {
				if err := request(); err == nil || !strings.HasSuffix(err.Error(), c.Address()+": the answer is not from relay-sync") {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
