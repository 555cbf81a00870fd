// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// deliver ADDRESS/PATH FILE STATUS sends a push event like Gitea, signed with the secret
// in the file, and asserts the status of the answer.
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
		ts.Fatalf("status %s, want %s", got, args[2])
	}
}

// connect opens a connection to an address, or to a socket of the script, and sends a text
// with Go's escapes. It is closed when the script ends.
func connect(ts *testscript.TestScript, address, text string) net.Conn {
	network := "tcp"
	if !strings.Contains(address, ":") {
		network, address = "unix", ts.MkAbs(address)
	}
	c, err := net.Dial(network, address)
	ts.Check(err)
	ts.Defer(func() { _ = c.Close() })
	ts.Check(c.SetDeadline(time.Now().Add(30 * time.Second)))
	text, err = strconv.Unquote(`"` + text + `"`)
	ts.Check(err)
	_, _ = io.WriteString(c, text) // fails if the server closes first
	return c
}

// hog ADDRESS N TEXT opens N connections, sends the text on each, and keeps them open.
func hog(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	for range n {
		connect(ts, args[0], args[2])
	}
}

// raw ADDRESS TEXT STATUS sends the text as a request, prints the body of the answer, and
// asserts its status.
func raw(ts *testscript.TestScript, _ bool, args []string) {
	response, err := http.ReadResponse(bufio.NewReader(connect(ts, args[0], args[1])), nil)
	ts.Check(err)
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
	if got := strconv.Itoa(response.StatusCode); got != args[2] {
		ts.Fatalf("%s: status %s, want %s", args[1], got, args[2])
	}
}

// git-host starts a git host at $HOST that accepts every request, and writes each
// request as a line to the file received: path, a space, body.
func gitHost(ts *testscript.TestScript, _ bool, _ []string) {
	received, err := os.Create(ts.MkAbs("received"))
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(received, "%s %s\n", r.URL.EscapedPath(), body)
		w.WriteHeader(http.StatusCreated)
	}))
	ts.Defer(func() {
		server.Close()
		_ = received.Close()
	})
	ts.Setenv("HOST", server.URL)
}

// fake-kubernetes FILE starts a fake API server for Leases in namespace prod, and writes
// its kubeconfig to the file.
func fakeKubernetes(ts *testscript.TestScript, _ bool, args []string) {
	api := leasetest.New(ts.Value("t").(testing.TB))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(api.Kubeconfig("any")), 0o600))
}

// clockAhead lets the clock of Vault be ahead.
func clockAhead(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: clock-ahead DURATION")
	}
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Value("proxy").(*vaulttest.Proxy).Skew(by)
}
