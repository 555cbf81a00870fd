// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// serveTLS serves over HTTP/2, and returns the certificate to trust as PEM.
func serveTLS(t *testing.T, handler http.Handler) (server *httptest.Server, authority string) {
	t.Helper()
	server = httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestServerCertificateIsVerified(t *testing.T) {
	t.Parallel()
	server, authority := serveTLS(t, http.NotFoundHandler())
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	// The certificate of the test server is for example.com and for 127.0.0.1.
	elsewhere := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, row := range []struct {
		name    string
		cfg     Settings
		trusted bool
		check   string // what a person should check, in the error
	}{
		{"an unknown authority", Settings{Address: server.URL}, false, "CA certificate"},
		{"the authority from a file", Settings{Address: server.URL, CACert: file}, true, ""},
		{"the authority as text", Settings{Address: server.URL, CACertPEM: authority}, true, ""},
		{"another host", Settings{Address: elsewhere, CACertPEM: authority}, false, "host name in the address"},
		{"another host, with the name that is expected", Settings{Address: elsewhere, CACertPEM: authority, TLSServerName: "example.com"}, true, ""},
		{"a name that it is not for", Settings{Address: server.URL, CACertPEM: authority, TLSServerName: "vault.internal"}, false, "TLS server name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := connect(t, row.cfg).ReadMetadata(context.Background(), entry)
			if err == nil || errors.Is(err, kv.ErrTLS) == row.trusted {
				t.Errorf("trusted: want %v, got %v", row.trusted, err)
			}
			if !row.trusted && !strings.Contains(err.Error(), row.check) {
				t.Errorf("the error does not say what to check: %v", err)
			}
		})
	}
}

// TestConcurrencyIsBounded is over HTTP/2, where a limit on connections bounds
// nothing.
func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	const limit, requests = 3, 12
	var (
		underWay atomic.Int32
		arrived  = make(chan struct{}, requests)
		goOn     = make(chan struct{})
	)
	server, authority := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the request came by %s, so the test proves nothing", r.Proto)
		}
		if n := underWay.Add(1); n > limit {
			t.Errorf("%d requests are under way at once", n)
		}
		defer underWay.Add(-1)
		arrived <- struct{}{}
		<-goOn
		w.WriteHeader(http.StatusNotFound)
	}))
	c := connect(t, Settings{Address: server.URL, CACertPEM: authority, Concurrency: limit})
	var work sync.WaitGroup
	for range requests {
		work.Go(func() { _, _ = c.ReadMetadata(context.Background(), entry) })
	}
	for range limit {
		<-arrived
	}
	select {
	case <-arrived:
		t.Errorf("one more than %d requests arrived", limit)
	case <-time.After(100 * time.Millisecond): // no event shows that none arrives
	}

	t.Log("who waits can be called off")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.ReadMetadata(ctx, entry); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that waits and is called off: %v", err)
	}
	close(goOn)
	work.Wait()
}
