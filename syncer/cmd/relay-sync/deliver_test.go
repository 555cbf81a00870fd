// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
)

// deliver ADDRESS/PATH FILE STATUS: a push as Gitea sends it, signed with what
// stands in the file, is answered with the status.
func deliver(ts *testscript.TestScript, _ bool, args []string) {
	body := `{"ref":"refs/heads/main"}`
	mac := hmac.New(sha256.New, []byte(strings.TrimSpace(ts.ReadFile(args[1]))))
	mac.Write([]byte(body))
	request, err := http.NewRequest("POST", "http://"+args[0], strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("X-Gitea-Event", "push")
	request.Header.Set("X-Gitea-Signature", hex.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	if got := strconv.Itoa(response.StatusCode); got != args[2] {
		ts.Fatalf("answered %s, want %s", got, args[2])
	}
}

// host: a git host that takes everything listens at $HOST, and what it is sent
// becomes lines of the file told: path, a space, body.
func host(ts *testscript.TestScript, _ bool, _ []string) {
	told, err := os.Create(ts.MkAbs("told"))
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(told, "%s %s\n", r.URL.EscapedPath(), body)
		w.WriteHeader(http.StatusCreated)
	}))
	ts.Defer(func() {
		server.Close()
		_ = told.Close()
	})
	ts.Setenv("HOST", server.URL)
}

// leases FILE: a stand-in for Kubernetes' Leases of namespace prod answers to what
// the kubeconfig says that is written to the file.
func leases(ts *testscript.TestScript, _ bool, args []string) {
	api := leasetest.New(ts.Value("t").(testing.TB))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(api.Kubeconfig("any")), 0o600))
}
