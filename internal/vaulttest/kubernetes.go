// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Kubernetes stands in for the part of an API server that Vault's Kubernetes method uses: it
// issues tokens of service accounts, and reviews them.
type Kubernetes struct {
	URL string
	// CA is the PEM of the server's certificate.
	CA string
	// Reviewer is the only token that may review others.
	Reviewer string

	issuer *Issuer
	mu     sync.Mutex
	issued map[string]serviceAccount // by token
}

// requestedAudience is the only one for which the API issues tokens.
const requestedAudience = "vault"

// serviceAccount is whose a token is, and for whom.
type serviceAccount struct{ namespace, name, audience string }

// StartKubernetes starts one for this test.
func StartKubernetes(t testing.TB) *Kubernetes {
	t.Helper()
	k := &Kubernetes{issuer: StartIssuer(t), issued: map[string]serviceAccount{}}
	k.Reviewer = k.issuer.Token(t, map[string]any{"sub": "system:serviceaccount:vault:reviewer"})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", k.review)
	mux.HandleFunc("POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", func(w http.ResponseWriter, r *http.Request) {
		// Kubernetes' client sends protobuf, which contains a string as it is.
		body, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Contains(body, []byte(requestedAudience)) {
			http.Error(w, "the audience must be "+requestedAudience, http.StatusBadRequest)
			return
		}
		token := k.Token(t, r.PathValue("namespace"), r.PathValue("name"), requestedAudience)
		answerJSON(w, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "status": map[string]any{"token": token}})
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	k.URL = server.URL
	k.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return k
}

// Token returns a token of a service account.
func (k *Kubernetes) Token(t testing.TB, namespace, name, audience string) string {
	t.Helper()
	token := k.issuer.Token(t, map[string]any{
		"sub": "system:serviceaccount:" + namespace + ":" + name, "aud": []string{audience},
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]any{"name": name, "uid": namespace + "-" + name}},
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.issued[token] = serviceAccount{namespace, name, audience}
	return token
}

func (k *Kubernetes) review(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Spec struct {
			Token     string
			Audiences []string
		}
	}
	if r.Header.Get("Authorization") != "Bearer "+k.Reviewer {
		http.Error(w, "may not review", http.StatusForbidden)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	account, issued := k.issued[request.Spec.Token]
	k.mu.Unlock()
	status := map[string]any{"authenticated": false}
	if issued && slices.Contains(request.Spec.Audiences, account.audience) {
		status = map[string]any{"authenticated": true, "audiences": []string{account.audience}, "user": map[string]any{
			"username": strings.Join([]string{"system:serviceaccount", account.namespace, account.name}, ":"),
			"uid":      account.namespace + "-" + account.name,
			"groups":   []string{"system:serviceaccounts", "system:authenticated"},
		}}
	}
	answerJSON(w, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status})
}

func answerJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // a test that misses the document fails
}
