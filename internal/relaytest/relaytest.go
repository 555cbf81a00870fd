// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// Reader is one process of relay-reader. Its methods may be called from several
// goroutines of the test.
type Reader struct {
	// Domain has the connections of the workflows that Printed and Steps evaluate.
	Domain string

	t         testing.TB
	mu        sync.Mutex
	requests  *json.Encoder
	responses *bufio.Reader
}

// Start starts a reader with a token.
func Start(t testing.TB, v *vaulttest.Vault, token string) *Reader {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), tools.Path(t, "relay-reader"), "customers")
	cmd.Env = []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + token}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start relay-reader: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("relay-reader: %v", err)
		}
	})
	return &Reader{t: t, requests: json.NewEncoder(stdin), responses: bufio.NewReader(stdout)}
}

type response struct {
	Secrets     map[string][]byte
	Connections map[string]map[string][]byte
	References  []string
	Printed     []byte
	Steps       []struct {
		Name     string
		Values   map[string][]byte
		Complete bool
	}
	Refused string
	Missing bool
	Error   string
}

func (r *Reader) reply(request any) response {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.requests.Encode(request); err != nil {
		r.t.Errorf("send a request to relay-reader: %v", err)
		return response{Missing: true}
	}
	line, err := r.responses.ReadBytes('\n')
	if err != nil {
		r.t.Errorf("read the response of relay-reader: %v", err)
		return response{Missing: true}
	}
	var a response
	if err := json.Unmarshal(line, &a); err != nil {
		r.t.Errorf("read the response of relay-reader: %v", err)
	}
	if a.Error != "" {
		r.t.Errorf("read %v with Relay: %s", request, a.Error)
	}
	return a
}

// Secret returns one secret of a workflow; false if Relay finds none.
func (r *Reader) Secret(workflow, name string) (value string, found bool) {
	r.t.Helper()
	a := r.reply(map[string][2]string{"secret": {"workflows/" + workflow, name}})
	return string(a.Secrets[name]), !a.Missing
}

// Secrets returns all secrets of a workflow, by name.
func (r *Reader) Secrets(workflow string) map[string]string {
	r.t.Helper()
	return texts(r.reply(map[string]string{"secrets": "workflows/" + workflow}).Secrets)
}

// Connection returns one connection, by field; false if Relay finds none.
func (r *Reader) Connection(domain, kind, name string) (fields map[string]string, found bool) {
	r.t.Helper()
	a := r.reply(map[string][3]string{"connection": {"connections/" + domain, kind, name}})
	return texts(a.Connections[kind+"/"+name]), !a.Missing
}

// Connections returns all connections of a domain, by "type/name" and field.
func (r *Reader) Connections(domain string) map[string]map[string]string {
	r.t.Helper()
	out := map[string]map[string]string{}
	for id, fields := range r.reply(map[string]string{"connections": "connections/" + domain}).Connections {
		out[id] = texts(fields)
	}
	return out
}

// References returns the references that Relay's evaluator finds in a workflow file, as
// "secret name" and "connection type/name", sorted.
func (r *Reader) References(workflow string) []string {
	r.t.Helper()
	return r.reply(map[string]string{"workflow": workflow}).References
}

func texts(values map[string][]byte) map[string]string {
	out := make(map[string]string, len(values))
	for name, value := range values {
		out[name] = string(value)
	}
	return out
}
