// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// Limits of requests: every process of the machine can send some, before the token is checked.
const (
	maxBody        = 4 << 20
	maxHeader      = 16 << 10
	maxConnections = 64
	readTimeout    = 30 * time.Second
)

// Server is Relay's metadata API for one step, on the loopback interface.
type Server struct {
	step    *Step
	values  *Values
	outputs *outputs
	// other reads a secret that the step's expressions do not use.
	other func(ctx context.Context, name string) (step.Value, error)
	// logs gets what the step posts to its logs.
	logs     io.Writer
	token    string
	listener net.Listener
	http     *http.Server
	// messages counts those of /logs.
	messages atomic.Int64
}

// Listen starts a server for a step and its values on a free port of 127.0.0.1. other reads
// other secrets of the workflow, and logs gets the messages of /logs.
func Listen(s *Step, values *Values, other func(ctx context.Context, name string) (step.Value, error), logs io.Writer) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &Server{step: s, values: values, outputs: newOutputs(s.Name), other: other, logs: logs, token: rand.Text(), listener: listener}
	server.http = &http.Server{
		Handler: server.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
	}
	go func() { _ = server.http.Serve(netutil.LimitListener(listener, maxConnections)) }() // ends with Close
	return server, nil
}

// URL is the value of METADATA_API_URL. It contains the token of the server, as the password
// that Relay's clients send.
func (s *Server) URL() string {
	return (&url.URL{Scheme: "http", Host: s.listener.Addr().String(), User: url.UserPassword("", s.token)}).String()
}

// Close ends the server and its connections.
func (s *Server) Close() error { return s.http.Close() }

// handler has the routes of relay-core's server. Names in a path are decoded as Relay does:
// + is a space, and %2F a slash in the name.
func (s *Server) handler() http.Handler {
	routes := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /spec":                    s.getSpec,
		"GET /environment":             s.getEnvironment,
		"GET /environment/{name}":      s.getVariable,
		"GET /conditions":              s.getConditions,
		"GET /secrets/{name}":          s.getSecret,
		"GET /state/{name}":            notFoundHere,
		"GET /outputs/{step}/{name}":   s.getOutput,
		"PUT /outputs/{name}":          s.putOutput,
		"PUT /outputs/{name}/metadata": s.putOutputMetadata,
		"PUT /status":                  putStatus,
		"PUT /timers/{name}":           putTimer,
		"POST /decorators/{name}":      postDecorator,
		"POST /validate":               postValidate,
		"POST /logs":                   s.postLog,
		"POST /logs/{id}/messages":     s.postLogMessage,
		"POST /events":                 unsupported("events"),
		"POST /workflows/{name}/run":   unsupported("runs of workflows"),
	} {
		routes.Handle(pattern, s.authenticated(handle))
	}
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"ping": "pong"})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; base-uri 'none'",
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "deny",
		} {
			w.Header().Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		routes.ServeHTTP(w, r)
	})
}

// authenticated requires the token, as Bearer or as the password of Basic, as Relay does.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(tokenOf(r)), []byte(s.token)) != 1 {
			http.Error(w, "401 unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tokenOf is the token of a request; "" for none.
func tokenOf(r *http.Request) string {
	if user, password, is := r.BasicAuth(); is {
		if user == "" || user == "token" {
			return password
		}
		return ""
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// segment is a segment of the path, from 0, decoded as Relay does.
func segment(r *http.Request, index int) string {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	name, err := url.QueryUnescape(segments[index])
	if err != nil {
		return ""
	}
	return name
}
