// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// world is an API before a Vault, with a workflow and a domain of its own.
type world struct {
	*document
	vault            *vaulttest.Vault
	proxy            *vaulttest.Proxy
	address          string
	workflow, domain string
	// token is of a person who may change secrets and connections.
	token     string
	auditPath string
	log       *logged
	handler   *handler
}

// logged is a log that goroutines write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

// newWorld starts an API. change changes its configuration; nil for nothing.
func newWorld(t *testing.T, v *vaulttest.Vault, change func(*Config)) *world {
	t.Helper()
	name := vaulttest.Workflow(t)
	w := &world{
		document: newDocument(t), vault: v, proxy: vaulttest.NewProxy(t, v.Address), workflow: name, domain: name,
		auditPath: filepath.Join(t.TempDir(), "audit.jsonl"), log: &logged{},
	}
	w.token = w.person(t, policy.Administrator)
	clients, err := vaultclient.NewClients(vaultclient.Settings{Address: w.proxy.Address, AllowHTTP: true, MaxRetries: new(int)})
	if err != nil {
		t.Fatal(err)
	}
	audit, err := syncer.OpenAudit(w.auditPath, "web", auditfile.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = audit.Close() })
	cfg := Config{
		Clients: clients, Settings: manual.Settings{Mount: "customers", Prefix: "workflows", Audit: audit, Settle: time.Second, MaxValueBytes: 64 << 10},
		Domain: w.domain, Log: slog.New(slog.NewTextHandler(w.log, nil)), ClientAddress: func(*http.Request) string { return "192.0.2.7" },
	}
	if change != nil {
		change(&cfg)
	}
	w.handler = New(cfg).(*handler)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	w.address = server.URL
	return w
}

// person is the token of a new person with a role in the workflow and the domain.
func (w *world) person(t testing.TB, role policy.Role) string {
	t.Helper()
	rules, err := policy.For(policy.Grant{Role: role, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow}, ConnectionsDomain: w.domain})
	if err != nil {
		t.Fatal(err)
	}
	token, _ := w.vault.Person(t, rules)
	return token
}

// answer is a response of the API.
type answer struct {
	Status int
	Header http.Header
	Text   string
	Secret struct {
		Name string `json:"name"`
	} `json:"secret"`
	Secrets    []named        `json:"secrets"`
	Workflows  []named        `json:"workflows"`
	Warnings   []string       `json:"warnings"`
	Success    bool           `json:"success"`
	ResourceID string         `json:"resource_id"`
	Connection map[string]any `json:"connection"`
	Error      envelope       `json:"error"`
	Workflow   struct {
		Name           string `json:"name"`
		LatestRevision *struct {
			ID string `json:"id"`
		} `json:"latest_revision"`
	} `json:"workflow"`
	Connections []map[string]any `json:"connections"`
	Revision    revision         `json:"revision"`
}

// send is a request with the token of the person, and its response.
func (w *world) send(t testing.TB, method, path, body string) answer {
	t.Helper()
	return w.sendAs(t, w.token, method, path, body, nil)
}

// sendAs is send with another token; empty for none. Each response is compared with the
// document.
func (w *world) sendAs(t testing.TB, token, method, path, body string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	for key, values := range header {
		r.Header[key] = values
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := answer{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Errorf("%s %s: %s: %v", method, path, text, err)
	}
	w.checkAnswer(t, method, path, out)
	return out
}

// checkAnswer checks what every response has.
func (w *world) checkAnswer(t testing.TB, method, path string, a answer) {
	t.Helper()
	for key, want := range map[string]string{
		"Content-Type": mediaType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Set-Cookie": "", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Headers": "",
	} {
		if got := a.Header.Get(key); got != want {
			t.Errorf("%s %s: %s: %q", method, path, key, got)
		}
	}
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	one, _, err := find(method, u.EscapedPath())
	if err != nil {
		return // an unknown path or method
	}
	if err := w.check(one, a.Status, []byte(a.Text)); err != nil {
		t.Errorf("%s %s: %d %s: %v", method, path, a.Status, a.Text, err)
	}
}

// secretPath is the path of a secret of the workflow, or with no name that of all.
func (w *world) secretPath(name string) string {
	path := "/api/workflows/" + url.PathEscape(w.workflow) + "/secrets"
	if name != "" {
		path += "/" + url.PathEscape(name)
	}
	return path
}

// create writes a secret, which must be new.
func (w *world) create(t testing.TB, name, value string) {
	t.Helper()
	if got := w.send(t, http.MethodPost, w.secretPath(""), secretBody(t, name, value)); got.Status != http.StatusCreated {
		t.Fatalf("create %s: %d %s", name, got.Status, got.Text)
	}
}

// secretBody is the body of a secret; without a name, that of its replacement.
func secretBody(t testing.TB, name, value string) string {
	t.Helper()
	body := map[string]string{"name": name, "value": value}
	if name == "" {
		delete(body, "name")
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reader is Relay's reader of the workflow and the domain.
func (w *world) reader(t testing.TB) *relaytest.Reader {
	t.Helper()
	rules, err := policy.For(policy.Grant{Role: policy.Reader, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow}, ConnectionsDomain: w.domain})
	if err != nil {
		t.Fatal(err)
	}
	return relaytest.Start(t, w.vault, w.vault.Token(t, rules))
}

// audit are the audit lines so far.
func (w *world) audit(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(w.auditPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
