// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package leasetest

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	v1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Server is a fake API server for Leases. It answers like Kubernetes: 404 for a Lease
// that is not found, 409 for one that already exists or whose resourceVersion is not
// the current one. A real API server cannot be built in this module.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	version int
	lease   *v1.Lease
	// disconnected are the credentials that get no answer, requests the methods and
	// paths of the requests.
	disconnected map[string]bool
	requests     map[string]bool
	before       func(method string)
}

// Path is the path of the Leases in namespace prod.
const Path = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"

// New starts a fake API server with namespace prod.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{disconnected: map[string]bool{}, requests: map[string]bool{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before(r.Method)
	}
	if s.disconnected[r.Header.Get("Authorization")] {
		panic(http.ErrAbortHandler)
	}
	s.requests[r.Method+" "+r.URL.Path] = true
	reject := func(code int32, reason metav1.StatusReason) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(code))
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: reason, Code: code})
	}
	var given v1.Lease
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
			reject(400, metav1.StatusReasonBadRequest)
			return
		}
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == Path:
		if s.lease != nil {
			reject(409, metav1.StatusReasonAlreadyExists)
			return
		}
		s.store(given)
	case s.lease == nil || r.URL.Path != Path+"/"+s.lease.Name:
		reject(404, metav1.StatusReasonNotFound)
		return
	case r.Method == http.MethodPut:
		if given.ResourceVersion != s.lease.ResourceVersion {
			reject(409, metav1.StatusReasonConflict)
			return
		}
		s.store(given)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.lease)
}

func (s *Server) store(lease v1.Lease) {
	s.version++
	lease.TypeMeta = metav1.TypeMeta{Kind: "Lease", APIVersion: "coordination.k8s.io/v1"}
	lease.ResourceVersion = strconv.Itoa(s.version)
	s.lease = &lease
}

// Disconnect closes connections of requests with a token without an answer, as if
// the network had failed, or stops doing so.
func (s *Server) Disconnect(token string, disconnected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disconnected["Bearer "+token] = disconnected
}

// Before calls a function before each answer, which may wait.
func (s *Server) Before(answer func(method string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = answer
}

// Lease is a copy of the Lease; nil if it was not created.
func (s *Server) Lease() *v1.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease.DeepCopy()
}

// Put replaces the Lease, as another client does.
func (s *Server) Put(lease v1.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(lease)
}

// Requests lists the different requests so far, as method and path.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.requests))
}

// Kubeconfig returns the text of a kubeconfig for this server with a token.
func (s *Server) Kubeconfig(token string) string {
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
clusters: [{name: k, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %q}}]}`,
		s.URL, base64.StdEncoding.EncodeToString(authority), token)
}
