// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
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
	proxy := vaulttest.NewProxy(w, w.vault.Address)
	c, err := vaultclient.Connect(vaultclient.Settings{Address: proxy.Address, Token: w.writerToken()},
		secrets.Config{Owner: owner, Settle: 300 * time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	return New(c, func(text string) { w.Errorf("warned: %s", text) }), proxy
}

func (w *world) address(kind, name string) secrets.Address {
	return Address(secrets.DefaultMount, w.domain, kind, name)
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

func TestAConnectionArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, proxy := w.client(us)
	a := w.address("aws", "production")
	want := map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "base64:not", "note": "\x00\xff"}
	w.put(c, a, want)
	got, _ := w.read(w.readerToken(), a)
	encoded := map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "base64:YmFzZTY0Om5vdA==", "note": "base64:AP8="}
	if !maps.Equal(got, encoded) {
		t.Errorf("the reader finds %q, want %q", got, encoded)
	}
	if verdict := Judge(us, w.observe(c, a), nil); verdict.String() != "in sync" {
		t.Errorf("right after the write: %s", verdict)
	}
	proxy.AssertBlind(t)
	proxy.AssertCheckAndSet(t)
}

func TestReadersSeeOneOrTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	a, token := w.address("azure", "production"), w.readerToken()
	names := []string{"clientID", "secret", "subscriptionID", "tenantID"}
	all := func(value string) map[string]string {
		out := map[string]string{}
		for _, name := range names {
			out[name] = value
		}
		return out
	}
	w.put(c, a, all("0"))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		reads := 0
		defer func() { done <- reads }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			got, ok := w.read(token, a)
			reads++
			if !ok || !maps.Equal(got, all(got["secret"])) {
				t.Errorf("a reader found %q", got)
			}
		}
	}()
	for i := range 30 {
		w.put(c, a, all(fmt.Sprint(i+1)))
	}
	close(stop)
	if reads := <-done; reads < 5 {
		t.Errorf("only %d reads while the connection changed", reads)
	}
}

func TestACrashAtAnyRequestLeavesAWholeConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := map[string]string{"server": "old", "certificateAuthority": "old", "token": "old"}
	fresh := map[string]string{"server": "new", "certificateAuthority": "new", "token": "new"}
	for name, moment := range map[string]vaulttest.Moment{"request lost": vaulttest.Before, "answer lost": vaulttest.After} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{T: t, vault: w.vault, domain: vaulttest.Workflow(t)}
			token := w.readerToken()
			for k, reached := 1, true; reached; k++ {
				a := w.address("kubernetes", fmt.Sprintf("cut at %d", k))
				first, _ := w.client(us)
				w.put(first, a, old)
				reached = w.dieAt(k, moment, a, fresh)
				if got, _ := w.read(token, a); !maps.Equal(got, old) && !maps.Equal(got, fresh) {
					t.Fatalf("cut at request %d: a reader finds %q", k, got)
				}
				next, _ := w.client(us)
				w.put(next, a, fresh)
				if got, _ := w.read(token, a); !maps.Equal(got, fresh) {
					t.Fatalf("after the repair of a cut at request %d: %q", k, got)
				}
			}
		})
	}
}

// dieAt has a process write a connection and lose its network at request k for good.
// It reports whether the write came so far.
func (w *world) dieAt(k int, moment vaulttest.Moment, a secrets.Address, fields map[string]string) bool {
	w.Helper()
	c, proxy := w.client(us)
	c.warn = func(string) {} // it cannot clean up either
	seen := w.observe(c, a)
	proxy.Reset()
	proxy.Hook(func(n int, _ *http.Request) vaulttest.Action {
		switch {
		case n == k:
			return vaulttest.CutAt(moment)
		case n > k:
			return vaulttest.CutAt(vaulttest.Before)
		}
		return vaulttest.Action{}
	})
	_, err := c.Put(context.Background(), secrets.Write{Address: a, Fields: values(fields), Observed: seen})
	return err != nil
}

func TestReplacedBodiesAreCleanedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	a, root := w.address("slack", "team"), w.vault.RootToken
	w.put(c, a, map[string]string{"apiToken": "one"})
	first := w.observe(c, a).Records[us].Body.ID
	w.put(c, a, map[string]string{"apiToken": "two"})
	alive := func(id string) bool {
		value, ok := w.value(root, id+"/apiToken")
		return ok && value != ""
	}
	pointer := w.observe(c, a)
	if err := c.DeleteSuperseded(context.Background(), a, pointer); err != nil || !alive(first) {
		t.Fatalf("a body that a reader may still be reading was deleted (%v)", err)
	}
	pointer.Date = pointer.Date.Add(Grace + time.Minute)
	if err := c.DeleteSuperseded(context.Background(), a, pointer); err != nil || alive(first) {
		t.Fatalf("a body that was replaced long ago is still there (%v)", err)
	}
	now := w.observe(c, a)
	record := now.Records[us]
	if names := nonEmpty(record.Body.Superseded[:]); len(names) > 0 || Judge(us, now, nil).State != secrets.InSync {
		t.Errorf("after tidying, the record names %v: %s", names, Judge(us, now, nil))
	}
}

func TestSweepFindsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, _ := w.client(them)
	a, b := w.address("slack", "team"), w.address("slack", "other")
	w.put(c, a, map[string]string{"apiToken": "one"})
	w.put(other, b, map[string]string{"apiToken": "theirs"})
	// A process that dies once the body is written: its pointer never comes.
	for owner, client := range map[string]*Client{"us": c, "them": other} {
		body := bodyOf(a, map[string]string{"us": idA, "them": idB}[owner])
		if err := client.writeBody(context.Background(), secrets.Write{Address: a, Fields: values(map[string]string{"apiToken": "lost", "x": "y"})}, body); err != nil {
			t.Fatal(err)
		}
	}
	done := map[string]bool{}
	if n, err := c.DeleteOrphaned(context.Background(), a.Mount, w.domain, done); err != nil || n != 0 {
		t.Fatalf("swept %d young bodies (%v)", n, err)
	}
	c.grace = -time.Hour
	clear(done)
	if n, err := c.DeleteOrphaned(context.Background(), a.Mount, w.domain, done); err != nil || n != 1 {
		t.Fatalf("swept %d bodies, want the one that was lost (%v)", n, err)
	}
	for id, want := range map[string]bool{idA: false, idB: true, w.observe(c, a).Records[us].Body.ID: true, w.observe(other, b).Records[them].Body.ID: true} {
		if _, alive := w.value(w.vault.RootToken, id+"/apiToken"); alive != want {
			t.Errorf("body %s alive: %t, want %t", id, alive, want)
		}
	}
}

func TestTheProtocolOfSecretsHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, proxy := w.client(them)
	a := w.address("sendgrid", "mail")
	w.put(c, a, map[string]string{"apiKey": "ours"})
	write := secrets.Write{Address: a, Fields: values(map[string]string{"apiKey": "theirs"}), Observed: w.observe(other, a)}
	proxy.Reset()
	if _, err := other.Put(context.Background(), write); !errors.Is(err, secrets.ErrNotOwner) || !strings.Contains(err.Error(), "connection sendgrid/mail is owned by terraform/us") {
		t.Errorf("overwriting another's connection: %v", err)
	}
	if slices.ContainsFunc(proxy.Requests(), func(r vaulttest.Request) bool { return strings.Contains(r.Path, "/data/") }) {
		t.Error("a refused write left a body")
	}
	write.Adopt = true
	if _, err := other.Put(context.Background(), write); err != nil {
		t.Fatal(err)
	}
	stale := secrets.Write{Address: a, Fields: values(map[string]string{"apiKey": "late"}), Observed: secrets.Entry{}}
	if _, err := other.Put(context.Background(), stale); !errors.Is(err, secrets.ErrConflict) {
		t.Errorf("a write from an old observation: %v", err)
	}
	if got, _ := w.read(w.readerToken(), a); got["apiKey"] != "theirs" {
		t.Errorf("the reader finds %q", got)
	}
	if got := Judge(us, w.observe(c, a), nil).String(); got != "owned by gitops/cluster/them" {
		t.Errorf("the displaced owner sees %q", got)
	}
	if done, err := c.Delete(context.Background(), a, nil); done != secrets.NothingOwned || !errors.Is(err, secrets.ErrNotOwner) {
		t.Errorf("the displaced owner deletes: %v, %v", done, err)
	}
}

func TestDeleteAndPurgeTakeTheBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	for name, remove := range map[string]func(context.Context, secrets.Address, *secrets.Written) (secrets.Deletion, error){
		"soft": c.Delete, "purged": c.Purge,
	} {
		a := w.address("github", name)
		w.put(c, a, map[string]string{"accessToken": "one"})
		first := w.observe(c, a).Records[us].Body.ID
		w.put(c, a, map[string]string{"accessToken": "two"})
		second := w.observe(c, a).Records[us].Body.ID
		if _, err := remove(context.Background(), a, nil); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"github/" + name, first + "/accessToken", second + "/accessToken"} {
			if value, ok := w.value(w.vault.RootToken, path); ok {
				t.Errorf("%s: %s still holds %q", name, path, value)
			}
		}
		if verdict := Judge(us, w.observe(c, a), nil); verdict.State != secrets.Absent {
			t.Errorf("%s: %s", name, verdict)
		}
	}
}

func TestBadConnectionsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, proxy := w.client(us)
	_, err := c.Put(context.Background(), secrets.Write{
		Address: w.address(idA, "a/b"),
		Fields:  values(map[string]string{"x/y": "v", "big": strings.Repeat("x", secrets.DefaultMaxValueBytes+1)}),
	})
	for _, part := range []string{"reads as a UUID", `"a/b"`, `"x/y"`, "field big"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not mention %s: %v", part, err)
		}
	}
	if _, err := c.Put(context.Background(), secrets.Write{Address: w.address("aws", "x")}); !errors.Is(err, secrets.ErrInvalid) {
		t.Errorf("a connection without fields: %v", err)
	}
	if n := len(proxy.Requests()); n > 0 {
		t.Errorf("%d requests were sent for them", n)
	}
}

func TestConcurrentWritersLeaveOneWholeConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.address("jira", "shared")
	seeds, _ := w.client(us)
	w.put(seeds, a, map[string]string{"url": "0", "username": "0", "password": "0"})
	seen := w.observe(seeds, a)
	var (
		work    sync.WaitGroup
		mu      sync.Mutex
		winners []string
	)
	for i := range 4 {
		c, _ := w.client(us)
		work.Go(func() {
			value := fmt.Sprint(i + 1)
			_, err := c.Put(context.Background(), secrets.Write{Address: a, Observed: seen, Fields: values(map[string]string{"url": value, "username": value, "password": value})})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				winners = append(winners, value)
			} else if !errors.Is(err, secrets.ErrConflict) {
				t.Errorf("the losing writer: %v", err)
			}
		})
	}
	work.Wait()
	got, _ := w.read(w.readerToken(), a)
	if len(winners) != 1 || !maps.Equal(got, map[string]string{"url": winners[0], "username": winners[0], "password": winners[0]}) {
		t.Errorf("winners %v, the reader finds %q", winners, got)
	}
}
