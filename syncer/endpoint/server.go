// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what clients can use.
type Limits struct {
	// Connections and ConnectionsPerClient limit the open connections.
	Connections, ConnectionsPerClient int
	// Header, Request and Answer limit the time for the headers, for the headers and the
	// body, and for the answer. A handler can set other deadlines.
	Header, Request, Answer time.Duration
	// Idle limits the time between two requests on a connection.
	Idle time.Duration
}

// DefaultLimits are the limits of the daemon's endpoints. The headers of all connections
// together need less than 30 MiB.
var DefaultLimits = Limits{
	Connections: 256, ConnectionsPerClient: 64,
	Header: 10 * time.Second, Request: 30 * time.Second, Answer: 30 * time.Second, Idle: 30 * time.Second,
}

const (
	// maxHeaderBytes limits the headers of a request: some times what git hosts, monitoring
	// and proxies send. net/http adds 4 KiB.
	maxHeaderBytes = 16 << 10
	// maxHeaders limits the number of headers, which need more memory than they have bytes.
	maxHeaders = 100
	// warnInterval limits the warnings about closed connections.
	warnInterval = time.Minute
)

// Server serves one endpoint.
type Server struct {
	http *http.Server
	open *connections
}

// NewServer returns the server of an endpoint. It serves HTTP/1 only: a connection of
// HTTP/2 carries many requests, which the limits would not count.
func NewServer(handler http.Handler, limits Limits, to *slog.Logger) *Server {
	sometimes := rate.Sometimes{Interval: warnInterval}
	open := &connections{limits: limits, closed: func(client string) {
		sometimes.Do(func() {
			to.Warn("too many connections: closed the oldest one of the client with the most", "client", client, "limit", limits.Connections, "limit_per_client", limits.ConnectionsPerClient)
		})
	}}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Server{open: open, http: &http.Server{
		Handler: guard(handler), Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: limits.Header, ReadTimeout: limits.Request, WriteTimeout: limits.Answer, IdleTimeout: limits.Idle,
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateActive {
				open.begin(counted(c))
			}
		},
		ErrorLog: log.New(&errorLog{to: to, rate: rate.NewLimiter(1, errorBurst)}, "", 0),
	}}
}

// Serve serves the connections of a listener until Close. Then the error is http.ErrServerClosed.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(listener{l, s.open}) }

// Close closes the listener and all connections.
func (s *Server) Close() error { return s.http.Close() }

// guard checks what net/http does not check.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := unsupported(r)
		// net/http reads a body with two lengths as chunked, and removes the other length. A
		// proxy that uses the other length takes what follows for a part of this body.
		if status != 0 || len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		if status != 0 {
			http.Error(w, http.StatusText(status), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// unsupported returns the status for a request that no handler gets, or 0.
func unsupported(r *http.Request) int {
	switch {
	case r.ProtoMajor != 1: // net/http passes on the beginning of HTTP/2
		return http.StatusHTTPVersionNotSupported
	case len(r.Header) > maxHeaders:
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return 0
}

const (
	// errorBurst and maxErrorBytes limit what net/http logs: errors at once, then one a
	// second; and the beginning of the stack of a panic.
	errorBurst    = 10
	maxErrorBytes = 4 << 10
)

// errorLog logs the errors of net/http.
type errorLog struct {
	to   *slog.Logger
	rate *rate.Limiter
}

// Write implements io.Writer; net/http calls it once for each error.
func (l *errorLog) Write(text []byte) (int, error) {
	if l.rate.Allow() {
		l.to.Warn("endpoint", "err", string(text[:min(len(text), maxErrorBytes)]))
	}
	return len(text), nil
}
