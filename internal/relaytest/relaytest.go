// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package relaytest reads what tests wrote with Relay's own code: it runs
// bin/relay-reader, which is built from relay-core. What it finds is what a step of
// a Relay workflow would get.
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
	t       testing.TB
	mu      sync.Mutex
	ask     *json.Encoder
	answers *bufio.Reader
}

// Start starts a reader with a token, which is what decides what it may read.
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
		t.Fatalf("starting relay-reader: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("relay-reader: %v", err)
		}
	})
	return &Reader{t: t, ask: json.NewEncoder(stdin), answers: bufio.NewReader(stdout)}
}

type answer struct {
	Secrets     map[string][]byte
	Connections map[string]map[string][]byte
	References  []string
	Printed     []byte
	Refused     string
	Missing     bool
	Error       string
}

func (r *Reader) reply(question any) answer {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ask.Encode(question); err != nil {
		r.t.Errorf("asking relay-reader: %v", err)
		return answer{Missing: true}
	}
	line, err := r.answers.ReadBytes('\n')
	if err != nil {
		r.t.Errorf("relay-reader's answer: %v", err)
		return answer{Missing: true}
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		r.t.Errorf("relay-reader's answer: %v", err)
	}
	if a.Error != "" {
		r.t.Errorf("Relay cannot read %v: %s", question, a.Error)
	}
	return a
}

// Secret is one secret of a workflow; false where Relay finds none.
func (r *Reader) Secret(workflow, name string) (value string, found bool) {
	r.t.Helper()
	a := r.reply(map[string][2]string{"secret": {"workflows/" + workflow, name}})
	return string(a.Secrets[name]), !a.Missing
}

// Secrets are all secrets of a workflow, by name.
func (r *Reader) Secrets(workflow string) map[string]string {
	r.t.Helper()
	return texts(r.reply(map[string]string{"secrets": "workflows/" + workflow}).Secrets)
}

// Connection is one connection, by field; false where Relay finds none.
func (r *Reader) Connection(domain, kind, name string) (fields map[string]string, found bool) {
	r.t.Helper()
	a := r.reply(map[string][3]string{"connection": {"connections/" + domain, kind, name}})
	return texts(a.Connections[kind+"/"+name]), !a.Missing
}

// Connections are all connections of a domain, by "type/name" and field.
func (r *Reader) Connections(domain string) map[string]map[string]string {
	r.t.Helper()
	out := map[string]map[string]string{}
	for id, fields := range r.reply(map[string]string{"connections": "connections/" + domain}).Connections {
		out[id] = texts(fields)
	}
	return out
}

// References are what Relay's evaluator finds a workflow file to refer to, as "secret
// name" and "connection type/name", sorted.
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
