// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package leasetest stands in for Kubernetes in tests of the election.
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

// Server answers for Leases as a Kubernetes API server does (404, 409 where it
// exists already or the resourceVersion is not the stored one). It is no API server:
// none can be built here.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	version int
	lease   *v1.Lease
	// cut are the credentials that get no answer; asked are the methods and paths.
	cut   map[string]bool
	asked map[string]bool
}

// Path is where the Leases of namespace prod are.
const Path = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"

// New starts a stand-in for namespace prod.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{cut: map[string]bool{}, asked: map[string]bool{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut[r.Header.Get("Authorization")] {
		panic(http.ErrAbortHandler)
	}
	s.asked[r.Method+" "+r.URL.Path] = true
	refuse := func(code int32, reason metav1.StatusReason) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(code))
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: reason, Code: code})
	}
	var given v1.Lease
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
			refuse(400, metav1.StatusReasonBadRequest)
			return
		}
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == Path:
		if s.lease != nil {
			refuse(409, metav1.StatusReasonAlreadyExists)
			return
		}
		s.store(given)
	case s.lease == nil || r.URL.Path != Path+"/"+s.lease.Name:
		refuse(404, metav1.StatusReasonNotFound)
		return
	case r.Method == http.MethodPut:
		if given.ResourceVersion != s.lease.ResourceVersion {
			refuse(409, metav1.StatusReasonConflict)
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

// Disconnect leaves who comes with a token without an answer, as if it had died or
// the network had; or no longer.
func (s *Server) Disconnect(token string, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut["Bearer "+token] = cut
}

// Requests is what it was asked, as method and path.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.asked))
}

// Kubeconfig is a file's text that leads to it with a token.
func (s *Server) Kubeconfig(token string) string {
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
clusters: [{name: k, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %q}}]}`,
		s.URL, base64.StdEncoding.EncodeToString(authority), token)
}
