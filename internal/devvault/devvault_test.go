// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWriterWritesAndNeverReads(t *testing.T) {
	t.Parallel()
	v := startTest(t, options{prepare: true})
	writer := v.newToken(t, "writer")
	const entry = "workflows/deploy-production/credentials"

	for _, step := range []struct {
		what, method, path, body string
		want                     int
	}{
		{"create", "POST", "customers/data/" + entry, `{"options":{"cas":0},"data":{"value":"s3cret"}}`, 200},
		{"overwrite", "POST", "customers/data/" + entry, `{"options":{"cas":1},"data":{"value":"other"}}`, 200},
		{"write over a newer version", "POST", "customers/data/" + entry, `{"options":{"cas":1},"data":{"value":"late"}}`, 400},
		{"write a record", "PATCH", "customers/metadata/" + entry, `{"custom_metadata":{"relay.terraform/shop":"version=2"}}`, 204},
		{"see the metadata", "GET", "customers/metadata/" + entry, "", 200},
		{"list the names", "LIST", "customers/metadata/workflows/deploy-production/", "", 200},
		{"soft-delete", "POST", "customers/delete/" + entry, `{"versions":[2]}`, 204},
		{"undelete", "POST", "customers/undelete/" + entry, `{"versions":[2]}`, 204},
		{"destroy", "POST", "customers/destroy/" + entry, `{"versions":[1]}`, 204},

		{"read the value", "GET", "customers/data/" + entry, "", 403},
		{"read an old value", "GET", "customers/data/" + entry + "?version=1", "", 403},
		{"read the keys below", "GET", "customers/subkeys/" + entry, "", 403},
		{"patch the value", "PATCH", "customers/data/" + entry, `{"data":{"value":"x"}}`, 403},
		{"delete whatever is newest", "DELETE", "customers/data/" + entry, "", 403},
		{"purge", "DELETE", "customers/metadata/" + entry, "", 403},
		{"replace all metadata", "POST", "customers/metadata/" + entry, `{"custom_metadata":{}}`, 403},
		{"list the workflows", "LIST", "customers/metadata/workflows/", "", 403},
		{"write outside its prefix", "POST", "customers/data/connections/x", `{"data":{"value":"x"}}`, 403},
	} {
		if got, _ := v.call(t, writer, step.method, step.path, step.body); got != step.want {
			t.Errorf("writer: %s answered %d, want %d", step.what, got, step.want)
		}
	}
}

func TestReaderSeesOnlyItsWorkflow(t *testing.T) {
	t.Parallel()
	v := startTest(t, options{prepare: true, readerWorkflow: "nightly"})
	for _, workflow := range []string{"nightly", "deploy"} {
		v.call(t, v.RootToken, "POST", "customers/data/workflows/"+workflow+"/token", `{"data":{"value":"of `+workflow+`"}}`)
	}
	reader := v.newToken(t, "reader")

	if status, body := v.call(t, reader, "GET", "customers/data/workflows/nightly/token", ""); status != 200 || !strings.Contains(body, "of nightly") {
		t.Errorf("reader got %d %s from its own workflow", status, body)
	}
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"LIST", "customers/metadata/workflows/nightly/", "", 200},
		{"GET", "customers/data/workflows/deploy/token", "", 403},
		{"LIST", "customers/metadata/workflows/deploy/", "", 403},
		{"POST", "customers/data/workflows/nightly/token", `{"data":{"value":"x"}}`, 403},
		{"GET", "customers/metadata/workflows/nightly/token", "", 403},
	} {
		if got, _ := v.call(t, reader, step.method, step.path, step.body); got != step.want {
			t.Errorf("reader: %s %s answered %d, want %d", step.method, step.path, got, step.want)
		}
	}
}

func TestAuthMethodsAreEnabled(t *testing.T) {
	t.Parallel()
	v := startTest(t, options{prepare: true})
	v.call(t, v.RootToken, "POST", "auth/userpass/users/ci", `{"password":"pw","token_policies":["writer"]}`)
	if status, body := v.call(t, "", "POST", "auth/userpass/login/ci", `{"password":"pw"}`); status != 200 || !strings.Contains(body, "client_token") {
		t.Errorf("userpass login answered %d %s", status, body)
	}
	for _, path := range []string{"auth/approle/role/ci", "auth/jwt/role/ci"} {
		body := `{"token_policies":["writer"],"role_type":"jwt","user_claim":"sub","bound_audiences":["relay"]}`
		if status, answer := v.call(t, v.RootToken, "POST", path, body); status/100 != 2 {
			t.Errorf("%s answered %d %s", path, status, answer)
		}
	}
	for _, method := range []string{"cert", "ldap", "oidc"} {
		if status, _ := v.call(t, v.RootToken, "POST", "sys/auth/"+method, `{"type":"`+method+`"}`); status != 204 {
			t.Errorf("enabling %s auth answered %d", method, status)
		}
	}
}

func TestTheClientCertificateLogsIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := startTest(t, options{tlsDir: dir})
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, clientCertFile), filepath.Join(dir, clientKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	anonymous := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}}
	known := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{pair}}}}

	v.callWith(t, anonymous, v.RootToken, "POST", "sys/auth/cert", `{"type":"cert"}`)
	role, err := json.Marshal(map[string]any{"certificate": string(ca), "token_policies": "default"})
	if err != nil {
		t.Fatal(err)
	}
	v.callWith(t, anonymous, v.RootToken, "POST", "auth/cert/certs/ci", string(role))
	if status, body := v.callWith(t, known, "", "POST", "auth/cert/login", `{"name":"ci"}`); status != 200 || !strings.Contains(body, "client_token") {
		t.Errorf("with the certificate: %d %s", status, body)
	}
	if status, body := v.callWith(t, anonymous, "", "POST", "auth/cert/login", `{"name":"ci"}`); status/100 != 4 {
		t.Errorf("without one: %d %s", status, body)
	}
}

func TestSealedVaultRefusesUntilUnsealed(t *testing.T) {
	t.Parallel()
	for name, st := range map[string]storage{"inmem": {}, "raft": {dir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startTest(t, options{prepare: true, storage: st})
			const entry = "customers/data/workflows/w/s"
			v.call(t, v.RootToken, "POST", entry, `{"data":{"value":"kept"}}`)

			v.call(t, v.RootToken, "POST", "sys/seal", "")
			if status, _ := v.call(t, v.RootToken, "GET", entry, ""); status != http.StatusServiceUnavailable {
				t.Errorf("sealed Vault answered %d, want 503", status)
			}
			v.call(t, "", "POST", "sys/unseal", `{"key":"`+v.UnsealKey+`"}`)
			if err := eventually(func() (bool, error) {
				status, body := v.call(t, v.RootToken, "GET", entry, "")
				return status == 200 && strings.Contains(body, "kept"), nil
			}); err != nil {
				t.Errorf("after unsealing: %v", err)
			}
		})
	}
}

// TestStandbyTakesOver steps the active node down, and then seals the one that took over.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	v := startTest(t, options{prepare: true, nodes: 3})
	const entry = "customers/data/workflows/w/s"
	if len(v.Nodes) != 3 || v.Nodes[0] != v.Address {
		t.Fatalf("announced the nodes %v", v.Nodes)
	}
	at := func(node, method, path, body string) (int, string) {
		return (&server{announcement: announcement{Address: node}}).call(t, v.RootToken, method, path, body)
	}
	active := func() string {
		for _, node := range v.Nodes {
			if status, _ := at(node, "GET", "sys/health", ""); status == http.StatusOK {
				return node
			}
		}
		return ""
	}
	if status, body := at(v.Nodes[2], "POST", entry, `{"data":{"value":"kept"}}`); status != 200 {
		t.Errorf("a standby answered %d %s", status, body)
	}
	for _, path := range []string{"sys/step-down", "sys/seal"} {
		before := active()
		if status, body := at(before, "PUT", path, ""); status != 204 {
			t.Errorf("%s answered %d %s", path, status, body)
		}
		if err := eventually(func() (bool, error) { now := active(); return now != "" && now != before, nil }); err != nil {
			t.Fatalf("after %s: %v", path, err)
		}
		if err := eventually(func() (bool, error) {
			status, body := at(active(), "GET", entry, "")
			return status == 200 && strings.Contains(body, "kept"), nil
		}); err != nil {
			t.Errorf("after %s: %v", path, err)
		}
	}
}

func TestRaftStorageSurvivesRestart(t *testing.T) {
	t.Parallel()
	opts := options{prepare: true, storage: storage{dir: filepath.Join(t.TempDir(), "vault")}}
	const entry = "customers/data/workflows/w/s"

	first := startTest(t, opts)
	first.call(t, first.RootToken, "POST", entry, `{"data":{"value":"kept"}}`)
	if err := first.stop(); err != nil {
		t.Fatalf("stopping: %v", err)
	}
	info, err := os.Stat(filepath.Join(opts.storage.dir, keysFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keys file: %v %v, want mode 0600", info, err)
	}

	second := startTest(t, opts)
	if first.RootToken != second.RootToken || first.UnsealKey != second.UnsealKey {
		t.Error("the second start announced other keys")
	}
	if status, body := second.call(t, second.RootToken, "GET", entry, ""); status != 200 || !strings.Contains(body, "kept") {
		t.Errorf("after the restart: %d %s", status, body)
	}
}

func TestRunEndsWithItsInput(t *testing.T) {
	t.Parallel()
	stdin, closeStdin := io.Pipe()
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run([]string{"-until-eof"}, stdin, stdout, io.Discard) }()

	var got announcement
	if err := json.NewDecoder(out).Decode(&got); err != nil {
		t.Fatalf("reading the announcement: %v", err)
	}
	if !strings.HasPrefix(got.Address, "http://127.0.0.1:") || got.RootToken == "" || got.UnsealKey == "" {
		t.Errorf("announced %+v", got)
	}
	closeStdin.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("run: %v", err)
		}
	case <-time.After(activeTimeout):
		t.Error("still running after its input ended")
	}
}

func TestRefusedCommandLines(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-listen", "0.0.0.0:0"},
		{"-listen", ":8200"},
		{"-listen", "localhost:8200"},
		{"-listen", "127.0.0.1"},
		{"-storage", "file"},
		{"-storage", "raft:"},
		{"-reader-workflow", "+"},
		{"-reader-workflow", "a/b"},
		{"-reader-workflow", `a" {}`},
		{"-nodes", "0"},
		{"-nodes", "3", "-storage", "raft:data"},
		{"extra"},
	} {
		var stdout bytes.Buffer
		if err := run(args, strings.NewReader(""), &stdout, io.Discard); err == nil || stdout.Len() > 0 {
			t.Errorf("run(%q): error %v, printed %q", args, err, stdout.String())
		}
	}
}

// startTest starts a Vault that is stopped with the test.
func startTest(t *testing.T, opts options) *server {
	t.Helper()
	opts.listen = "127.0.0.1:0"
	if opts.readerWorkflow == "" {
		opts.readerWorkflow = "deploy-production"
	}
	v, err := start(opts, io.Discard)
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	t.Cleanup(func() { _ = v.stop() }) // some tests have stopped it already
	return v
}

func (s *server) newToken(t *testing.T, policy string) string {
	t.Helper()
	_, body := s.call(t, s.RootToken, "POST", "auth/token/create", `{"policies":["`+policy+`"]}`)
	var answer struct {
		Auth struct {
			ClientToken string `json:"client_token"`
		} `json:"auth"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Auth.ClientToken == "" {
		t.Fatalf("creating a token: %v %s", err, body)
	}
	return answer.Auth.ClientToken
}

// call returns the status and body that Vault answered.
func (s *server) call(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	return s.callWith(t, http.DefaultClient, token, method, path, body)
}

func (s *server) callWith(t *testing.T, client *http.Client, token, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.Address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", token)
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}
