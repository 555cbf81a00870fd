// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// world is one workflow, and the domain of the same name, in a Vault. Requests of people
// pass the proxy; none may read a value, and every write needs check-and-set.
type world struct {
	*testing.T
	vault    *vaulttest.Vault
	proxy    *vaulttest.Proxy
	clients  *vaultclient.Clients
	workflow string
	settings Settings
	// audit is the path of the audit file.
	audit string

	mu       sync.Mutex
	warnings []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	v := vaulttest.Start(t)
	w := &world{T: t, vault: v, proxy: vaulttest.NewProxy(t, v.Address), workflow: vaulttest.Workflow(t), audit: filepath.Join(t.TempDir(), "audit")}
	clients, err := vaultclient.NewClients(vaultclient.Settings{Address: w.proxy.Address})
	if err != nil {
		t.Fatal(err)
	}
	audit, err := syncer.OpenAudit(w.audit, "test", auditfile.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	w.clients = clients
	w.settings = Settings{
		Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix, Settle: 300 * time.Millisecond, Audit: audit, Reason: "a reason",
		Warn: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.warnings = append(w.warnings, text)
		},
	}
	t.Cleanup(func() {
		_ = audit.Close()
		w.proxy.AssertBlind(t)
		w.proxy.AssertCheckAndSet(t)
	})
	return w
}

// grant is the policy of a role for the workflow and the domain of the test.
func (w *world) grant(g policy.Grant) string {
	w.Helper()
	g.Mount, g.Prefix, g.Workflows, g.ConnectionsDomain = secrets.DefaultMount, secrets.DefaultPrefix, []string{w.workflow}, w.workflow
	text, err := policy.For(g)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

// ada is a person: a viewer and a session with one token.
type ada struct {
	*Viewer
	*Session
}

// as logs a new person in, with a policy of these rules.
func (w *world) as(rules ...string) ada {
	w.Helper()
	token, _ := w.vault.Person(w, rules...)
	client := w.clients.WithToken(token, "203.0.113.7")
	identity, err := person.Identify(w.Context(), client)
	if err != nil {
		w.Fatal(err)
	}
	session, err := NewSession(w.Context(), client, identity, w.settings)
	if err != nil {
		w.Fatal(err)
	}
	viewer, err := NewViewer(client, w.settings)
	if err != nil {
		w.Fatal(err)
	}
	return ada{viewer, session}
}

func (w *world) operator() ada {
	return w.as(w.grant(policy.Grant{Role: policy.Operator, Undelete: true}))
}

// administrator writes connections, too.
func (w *world) administrator() ada {
	return w.as(w.grant(policy.Grant{Role: policy.Administrator}))
}

func (w *world) secret(name string) secrets.Address {
	w.Helper()
	a, err := w.settings.Address(w.workflow, name)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) connection(kind, name string) secrets.Address {
	w.Helper()
	a, err := w.settings.Connection(w.workflow, kind, name)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// seen is what a page shows to the person now.
func (w *world) seen(by ada, a secrets.Address) secrets.Seen {
	w.Helper()
	e, err := by.Describe(w.Context(), a)
	if err != nil {
		w.Fatal(err)
	}
	return e.Seen()
}

// done fails the test if a change failed.
func (w *world) done(r report.Result) report.Result {
	w.Helper()
	if r.Err != nil {
		w.Fatalf("%s %s: %v", r.Kind, r.Address, r.Err)
	}
	return r
}

// read returns what a step of the workflow reads.
func (w *world) read(name string) string {
	w.Helper()
	value, found := w.vault.ReadAs(w, w.vault.Reader(w, w.workflow), w.workflow, name)
	if !found {
		return "(none)"
	}
	return value
}

// reader is Relay's own reading code.
func (w *world) reader() *relaytest.Reader {
	return relaytest.Start(w, w.vault, w.vault.Token(w, w.grant(policy.Grant{Role: policy.Reader})))
}

// terraform writes a secret as a Terraform configuration.
func (w *world) terraform(name, value string) {
	w.Helper()
	c, err := vaultclient.Connect(vaultclient.Settings{Address: w.vault.Address, Token: w.vault.Writer(w)}, secrets.Config{Owner: "terraform/shop"})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := c.Put(w.Context(), secrets.Write{Address: w.secret(name), Value: secrets.NewValue(value)}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) audited() string {
	w.Helper()
	data, err := os.ReadFile(w.audit)
	if err != nil {
		w.Fatal(err)
	}
	return string(data)
}

func (w *world) warned() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprint(w.warnings)
}
