// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/certtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// request is one request of an attack.
type request struct {
	method, path string
	// host is the Host header; empty for the address of the page.
	host   string
	header map[string]string
	body   string
}

// attack sends a request as it is: without the headers that a browser adds.
func (b *browser) attack(a request) response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), a.method, b.url+a.path, strings.NewReader(a.body))
	if err != nil {
		b.t.Fatal(err)
	}
	if a.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for key, value := range a.header {
		r.Header.Set(key, value)
	}
	if a.host != "" {
		r.Host = a.host
	}
	return b.send(r)
}

// cookie is a cookie that an answer sets; nil for none.
func (r response) cookie(name string) *http.Cookie {
	all := (&http.Response{Header: r.header}).Cookies()
	i := slices.IndexFunc(all, func(c *http.Cookie) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// main is the content of a page, for messages.
func (r response) main() string {
	_, main, _ := strings.Cut(r.body, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// stranger is a browser without cookies of its own, which sends those of a theft.
func (w *world) stranger(t *testing.T, cookies string) *thief {
	t.Helper()
	b := w.browser(t)
	b.Jar = nil
	return &thief{b, cookies}
}

// thief sends stolen cookies.
type thief struct {
	*browser
	cookies string
}

func (s *thief) get(path string) response {
	s.t.Helper()
	return s.attack(request{method: http.MethodGet, path: path, header: map[string]string{"Cookie": s.cookies}})
}

// sent counts the requests to Vault whose path contains the text.
func (w *world) sent(text string) int {
	n := 0
	for _, r := range w.proxy.Requests() {
		if strings.Contains(r.Path, text) {
			n++
		}
	}
	return n
}

// secureWorld is a page that serves TLS by the endpoint of relay-sync web, as secrets.test.
func secureWorld(t *testing.T, change func(*config.Web)) (w *world, client *http.Client) {
	t.Helper()
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	certtest.Write(t, certificate, key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	w = newWorldOf(t, vaulttest.Start(t), func(cfg *config.Web) {
		cfg.URL, cfg.CertFile, cfg.KeyFile = "https://secrets.test:"+port, certificate, key
		if change != nil {
			change(cfg)
		}
	})
	settings, err := endpoint.TLS(certificate, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := endpoint.NewServer(w.server.Handler(), Limits, slog.New(slog.NewTextHandler(w.log, nil)))
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, settings) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	w.url = w.server.web.URL
	return w, trusting(t, certificate, listener.Addr().String())
}

// trusting is a client that sends every request to one address, whose certificate it trusts.
func trusting(t *testing.T, certificate, address string) *http.Client {
	t.Helper()
	authority, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	dial := func(network, _ string) (net.Conn, error) { return net.Dial(network, address) }
	transport := &http.Transport{Dial: dial, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}} //nolint:staticcheck // no context is needed
	t.Cleanup(transport.CloseIdleConnections)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
