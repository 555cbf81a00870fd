// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// adopt takes a connection over and returns the pointer as it was.
func (w *world) adopt(c *Client, a secrets.Address, fields map[string]string) Pointer {
	w.Helper()
	seen := w.observe(c, a)
	if _, err := c.Put(context.Background(), secrets.Write{Address: a, Fields: values(fields), Observed: seen, Adopt: true}); err != nil {
		w.Fatal(err)
	}
	return Pointer{a, seen}
}

func (w *world) left(c *Client, replaced ...Pointer) []RelayBody {
	w.Helper()
	found, err := new(RelayBodies).Left(context.Background(), c, replaced...)
	if err != nil {
		w.Fatal(err)
	}
	return found
}

func ids(found []RelayBody) (out []string) {
	for _, b := range found {
		out = append(out, b.Scope.Group)
	}
	return out
}

var (
	newAWS        = map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "new"}
	newKubernetes = map[string]string{"server": "https://new", "certificateAuthority": "new", "token": "new"}
)

func TestAdoptionReportsTheBodyThatRelayWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	relaytest.OldData(t, w.vault, w.domain, w.domain)
	c, proxy := w.client(us)
	// Bodies of this product, one with a live connection and one superseded.
	w.put(c, w.address("aws", "staging"), newAWS)
	w.put(c, w.address("aws", "staging"), newAWS)

	production := w.adopt(c, w.address("aws", "production"), newAWS)
	proxy.Reset()
	found := w.left(c, production)
	if got := ids(found); !slices.Equal(got, []string{relaytest.OldBody}) || !slices.Equal(found[0].Fields, []string{"accessKeyID", "secretAccessKey"}) || len(found[0].UsedBy) > 0 {
		t.Fatalf("found %+v", found)
	}
	proxy.AssertBlind(t)
	cluster := w.adopt(c, w.address("kubernetes", "relay-dev-cluster"), newKubernetes)
	if got := ids(w.left(c, cluster)); !slices.Equal(got, []string{relaytest.OldDevBody}) {
		t.Errorf("found %q for a connection of the development mode", got)
	}

	both := w.left(c, production, cluster)
	administrator := w.vault.Token(t, w.rules(policy.Grant{Role: policy.Administrator}))
	for _, b := range both {
		for _, line := range strings.Split(b.String(), "\n")[1:] {
			w.vault.Paste(t, administrator, line)
		}
	}
	if got := w.left(c, production, cluster); len(got) > 0 {
		t.Errorf("after the commands %q stay", ids(got))
	}
	for id, want := range map[string]map[string]string{"production": newAWS, "staging": newAWS} {
		if got, _ := w.read(w.readerToken(), w.address("aws", id)); !maps.Equal(got, want) {
			t.Errorf("after the commands aws/%s has %q", id, got)
		}
	}
	if got, _ := w.read(w.readerToken(), cluster.Address); !maps.Equal(got, newKubernetes) {
		t.Errorf("after the commands the cluster has %q", got)
	}
	if found := w.folders(); slices.Contains(found, relaytest.OldBody+"/") || slices.Contains(found, relaytest.OldDevBody+"/") {
		t.Errorf("after the commands the domain has %q", found)
	}
}

func (w *world) folders() (keys []string) {
	w.Helper()
	_, answer := w.vault.Call(w, w.vault.RootToken, "LIST", "customers/metadata/connections/"+w.domain+"/", nil)
	data, _ := answer["data"].(map[string]any)
	list, _ := data["keys"].([]any)
	for _, key := range list {
		keys = append(keys, key.(string))
	}
	return keys
}

func TestAdoptionNamesTheConnectionThatMayUseABody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	relaytest.OldData(t, w.vault, w.domain, w.domain)
	relaytest.WriteOld(t, w.vault, "connections/"+w.domain+"/"+idB+"/accessKeyID", "AKIB")
	relaytest.WriteOld(t, w.vault, "connections/"+w.domain+"/aws/staging", idB)
	c, _ := w.client(us)
	production := w.adopt(c, w.address("aws", "production"), newAWS)
	found := w.left(c, production)
	if got := ids(found); !slices.Equal(got, []string{relaytest.OldBody, idB}) {
		t.Fatalf("found %q", got)
	}
	for _, b := range found {
		if !slices.Equal(b.UsedBy, []secrets.Address{w.address("aws", "staging")}) {
			t.Errorf("%s: used by %v", b.Scope.Group, b.UsedBy)
		}
		if got := w.vault.Paste(t, w.readerToken(), b.Checks()...); got != relaytest.OldBody {
			t.Errorf("the command prints %q", got)
		}
	}
	staging := w.adopt(c, w.address("aws", "staging"), newAWS)
	for _, b := range w.left(c, production, staging) {
		if len(b.UsedBy) > 0 {
			t.Errorf("all connections are adopted, but %s is used by %v", b.Scope.Group, b.UsedBy)
		}
	}
}

func TestOnlyAWriteOverAnUnexplainedPointerLooksForBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, proxy := w.client(them)
	a := w.address("aws", "production")
	w.put(c, a, newAWS)
	taken := w.adopt(other, a, newAWS)
	proxy.Reset()
	if got := w.left(other, taken, Pointer{Address: a}); len(got) > 0 || len(proxy.Requests()) > 0 {
		t.Errorf("an adoption from an owner found %q with %d requests", ids(got), len(proxy.Requests()))
	}
}

// A body that has neither mark nor pointer yet must not be reported: its connection will
// use it.
func TestBodyThatIsBeingWrittenIsNotReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	relaytest.OldData(t, w.vault, w.domain, w.domain)
	c, _ := w.client(us)
	production := w.adopt(c, w.address("aws", "production"), newAWS)
	writer, writing := w.client(them)
	marking, looked := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(looked) })
	defer release()
	writing.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/accessKeyID") {
			close(marking)
			<-looked
		}
		return vaulttest.Action{}
	})
	written := make(chan error, 1)
	go func() {
		_, err := writer.Put(context.Background(), secrets.Write{Address: w.address("aws", "staging"), Fields: values(newAWS)})
		written <- err
	}()
	<-marking
	if got := ids(w.left(c, production)); !slices.Equal(got, []string{relaytest.OldBody}) {
		t.Errorf("found %q", got)
	}
	release()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

func TestBodiesThatCannotBeListedAreReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	relaytest.OldData(t, w.vault, w.domain, w.domain)
	c, _ := w.client(us)
	production := w.adopt(c, w.address("aws", "production"), newAWS)
	writer, domain := w.rules(policy.Grant{Role: policy.Writer}), `path "customers/metadata/connections/`+w.domain
	for name, rules := range map[string]string{
		"the domain": strings.Replace(writer, domain+`/" `, domain+`-x/" `, 1),
		"a folder":   strings.Replace(writer, domain+`/+/" `, domain+`-x/+/" `, 1),
		// Its connections may use any body, so none may be removed.
		"a type": writer + domain + `/kubernetes/" { capabilities = ["deny"] }`,
	} {
		denied, _ := w.clientWith(us, w.vault.Token(t, rules))
		found, err := new(RelayBodies).Left(context.Background(), denied, production)
		if err == nil || len(found) > 0 || !strings.Contains(err.Error(), "\nHint: with a token that may list them, compare: vault kv list -mount=customers connections/"+w.domain) {
			t.Fatalf("without %s: found %q, %v", name, ids(found), err)
		}
		_, command, _ := strings.Cut(err.Error(), "Hint: with a token that may list them, compare: ")
		command, _, _ = strings.Cut(command, "\n")
		if listed := w.vault.Paste(t, w.vault.RootToken, command); !strings.Contains(listed, "aws/") {
			t.Errorf("%s lists %q", command, listed)
		}
	}
}
