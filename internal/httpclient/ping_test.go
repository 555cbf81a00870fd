// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// link passes connections on to a server, until it drops everything of the first one.
type link struct {
	net.Listener
	server string
	down   atomic.Bool
}

func (l *link) run() {
	for first := true; ; first = false {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			return
		}
		for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
			go func() {
				defer pair[0].Close()
				_, _ = io.Copy(&wire{pair[1], l, first}, pair[0])
			}()
		}
	}
}

// wire is one direction of a connection.
type wire struct {
	net.Conn
	link  *link
	first bool
}

func (w *wire) Write(p []byte) (int, error) {
	if w.first && w.link.down.Load() {
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// TestDeadConnectionIsReplaced has shorter times than the client.
func TestDeadConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &link{Listener: listener, server: server.Listener.Addr().String()}
	go l.run()
	client, err := Settings{CACertPEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))}.newTransport()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	if client.HTTP2.SendPingTimeout != pingAfter || client.HTTP2.PingTimeout != pingTimeout {
		t.Errorf("pings: %+v", client.HTTP2)
	}
	client.HTTP2.SendPingTimeout, client.HTTP2.PingTimeout = 100*time.Millisecond, 100*time.Millisecond
	get := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.RoundTrip(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if text, err := io.ReadAll(response.Body); err != nil || string(text) != "HTTP/2.0" {
			t.Errorf("%q, %v", text, err)
		}
		return nil
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	l.down.Store(true)
	begun := time.Now()
	if get() == nil {
		t.Error("a request over a dead connection has an answer")
	}
	if err := get(); err != nil || time.Since(begun) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}
