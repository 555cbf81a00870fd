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
	"strings"
	"sync"
	"testing"

	v1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Server is a fake API server for Leases. It answers like Kubernetes: 404 for a Lease
// that is not found, 409 for one that already exists or whose resourceVersion is not
// the current one, and a list by label as it is at that moment. A real API server cannot
// be built in this module.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	version int
	leases  map[string]*v1.Lease
	// disconnected are the credentials that get no answer, requests how often each method
	// and path was requested.
	disconnected map[string]bool
	requests     map[string]int
	before       func(method string)
}

// Path is the path of the Leases in namespace prod.
const Path = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"

// New starts a fake API server with namespace prod.
func New(t testing.TB) *Server {
	t.Helper()
	s := NewHandler()
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// NewHandler is a fake API server without an address, for requests inside the process.
func NewHandler() *Server {
	return &Server{leases: map[string]*v1.Lease{}, disconnected: map[string]bool{}, requests: map[string]int{}}
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
	s.requests[r.Method+" "+r.URL.Path]++
	answer, failure := s.answer(r)
	w.Header().Set("Content-Type", "application/json")
	if failure != nil {
		w.WriteHeader(int(failure.Code))
		answer = failure
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func failed(code int32, reason metav1.StatusReason) *metav1.Status {
	return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: reason, Code: code}
}

// answer carries out one request. The caller holds s.mu.
func (s *Server) answer(r *http.Request) (any, *metav1.Status) {
	var given v1.Lease
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
			return nil, failed(400, metav1.StatusReasonBadRequest)
		}
	}
	name, inside := strings.CutPrefix(r.URL.Path, Path+"/")
	found := s.leases[name]
	switch {
	case r.Method == http.MethodGet && r.URL.Path == Path:
		return s.list(r.URL.Query().Get("labelSelector"))
	case r.Method == http.MethodPost && r.URL.Path == Path:
		if s.leases[given.Name] != nil {
			return nil, failed(409, metav1.StatusReasonAlreadyExists)
		}
		return s.store(given), nil
	case !inside || found == nil:
		return nil, failed(404, metav1.StatusReasonNotFound)
	case r.Method == http.MethodPut:
		if given.Name != name {
			return nil, failed(400, metav1.StatusReasonBadRequest)
		}
		if given.ResourceVersion != found.ResourceVersion {
			return nil, failed(409, metav1.StatusReasonConflict)
		}
		return s.store(given), nil
	}
	return found, nil
}

func (s *Server) list(selector string) (any, *metav1.Status) {
	selected, err := labels.Parse(selector)
	if err != nil {
		return nil, failed(400, metav1.StatusReasonBadRequest)
	}
	out := v1.LeaseList{TypeMeta: metav1.TypeMeta{Kind: "LeaseList", APIVersion: "coordination.k8s.io/v1"}}
	out.ResourceVersion = strconv.Itoa(s.version)
	for _, name := range slices.Sorted(maps.Keys(s.leases)) {
		if one := s.leases[name]; selected.Matches(labels.Set(one.Labels)) {
			out.Items = append(out.Items, *one)
		}
	}
	return out, nil
}

func (s *Server) store(lease v1.Lease) *v1.Lease {
	s.version++
	lease.TypeMeta = metav1.TypeMeta{Kind: "Lease", APIVersion: "coordination.k8s.io/v1"}
	lease.ResourceVersion = strconv.Itoa(s.version)
	s.leases[lease.Name] = &lease
	return &lease
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

// Lease is a copy of the Lease relay-sync; nil if it was not created.
func (s *Server) Lease() *v1.Lease { return s.Leases()["relay-sync"] }

// Leases are copies of all Leases by name.
func (s *Server) Leases() map[string]*v1.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]*v1.Lease{}
	for name, lease := range s.leases {
		out[name] = lease.DeepCopy()
	}
	return out
}

// Put replaces a Lease, as another client does.
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

// Count is the number of requests so far that were answered.
func (s *Server) Count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.requests {
		n += times
	}
	return n
}

// Kubeconfig returns the text of a kubeconfig for this server with a token.
func (s *Server) Kubeconfig(token string) string {
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
clusters: [{name: k, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %q}}]}`,
		s.URL, base64.StdEncoding.EncodeToString(authority), token)
}
