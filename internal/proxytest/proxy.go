// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package proxytest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Proxy is a running proxy.
type Proxy struct {
	// URL is its address.
	URL string

	to    string
	mu    sync.Mutex
	asked []string
}

// Start runs a proxy until the test ends. It connects every client to the host and port
// of to, whatever host was asked for, and refuses all with 403 if to is empty.
func Start(t testing.TB, to string) *Proxy {
	t.Helper()
	p := &Proxy{to: to}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Asked returns the requests since the last call, oldest first: method, host, and the
// credentials in the headers, which there should be none of.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host+r.Header.Get("Authorization")+r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if p.to == "" || r.Method != http.MethodConnect {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	server, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}
