// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// world is a domain of its own on the dev Vault.
type world struct {
	*testing.T
	vault  *vaulttest.Vault
	domain string
}

func newWorld(t *testing.T) *world {
	return &world{T: t, vault: vaulttest.Start(t), domain: vaulttest.Workflow(t)}
}

// rules are the policy of a role for the connections of this domain.
func (w *world) rules(g policy.Grant) string {
	w.Helper()
	g.Mount, g.Prefix, g.Workflows, g.ConnectionsDomain = secrets.DefaultMount, secrets.DefaultPrefix, []string{w.domain}, w.domain
	text, err := policy.For(g)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

func (w *world) writerToken() string {
	return w.vault.Token(w, w.rules(policy.Grant{Role: policy.Writer, Destroy: true}))
}

func (w *world) readerToken() string {
	return w.vault.Token(w, w.rules(policy.Grant{Role: policy.Reader}))
}

func (w *world) client(owner secrets.Owner) (*Client, *vaulttest.Proxy) {
	w.Helper()
	return w.clientWith(owner, w.writerToken())
}

func (w *world) clientWith(owner secrets.Owner, token string) (*Client, *vaulttest.Proxy) {
	w.Helper()
	proxy := vaulttest.NewProxy(w, w.vault.Address)
	c, err := vaultclient.Connect(vaultclient.Settings{Address: proxy.Address, Token: token},
		secrets.Config{Owner: owner, Settle: 300 * time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	return New(c, func(text string) { w.Errorf("warned: %s", text) }), proxy
}

func (w *world) address(kind, name string) secrets.Address {
	return Address(secrets.Scope{Mount: secrets.DefaultMount}, w.domain, kind, name)
}

func (w *world) observe(c *Client, a secrets.Address) secrets.Entry {
	w.Helper()
	o, err := c.Describe(context.Background(), a)
	if err != nil {
		w.Fatal(err)
	}
	return o
}

func (w *world) put(c *Client, a secrets.Address, fields map[string]string) secrets.Written {
	w.Helper()
	written, err := c.Put(context.Background(), secrets.Write{Address: a, Fields: values(fields), Observed: w.observe(c, a)})
	if err != nil {
		w.Fatal(err)
	}
	return written
}

func values(fields map[string]string) map[string]secrets.Value {
	out := map[string]secrets.Value{}
	for name, plain := range fields {
		out[name] = secrets.NewValue(plain)
	}
	return out
}

// read is what Relay's reader finds: the pointer, the list of the body, each field.
// token is the reader's.
func (w *world) read(token string, a secrets.Address) (map[string]string, bool) {
	w.Helper()
	id, ok := w.value(token, a.String())
	if !ok {
		return nil, false
	}
	_, answer := w.vault.Call(w, token, "LIST", "customers/metadata/connections/"+w.domain+"/"+id+"/", nil)
	data, _ := answer["data"].(map[string]any)
	keys, _ := data["keys"].([]any)
	fields := map[string]string{}
	for _, key := range keys {
		if value, ok := w.value(token, id+"/"+fmt.Sprint(key)); ok {
			fields[fmt.Sprint(key)] = value
		}
	}
	return fields, len(keys) > 0
}

func (w *world) value(token, path string) (string, bool) {
	w.Helper()
	status, answer := w.vault.Call(w, token, http.MethodGet, "customers/data/connections/"+w.domain+"/"+path, nil)
	if status == http.StatusNotFound {
		return "", false
	}
	if status != http.StatusOK {
		w.Fatalf("reading %s: status %d", path, status)
	}
	data, _ := answer["data"].(map[string]any)["data"].(map[string]any)
	value, ok := data["value"].(string)
	return value, ok
}
