// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// realClient sends requests to the dev Vault through a recording proxy, with the given
// token.
func realClient(t testing.TB, token string, owner Owner) (*Client, *vaulttest.Proxy) {
	t.Helper()
	return settlingClient(t, token, owner, 300*time.Millisecond)
}

// settlingClient is a realClient that tries to write a record for a time of its own: on a busy
// machine, one request can take longer than the 300 ms of the others.
func settlingClient(t testing.TB, token string, owner Owner, settle time.Duration) (*Client, *vaulttest.Proxy) {
	t.Helper()
	proxy := vaulttest.NewProxy(t, vaulttest.Start(t).Address)
	c, err := connect(vault.Settings{Address: proxy.Address, Token: token}, Config{Owner: owner, Settle: settle})
	if err != nil {
		t.Fatal(err)
	}
	return c, proxy
}

// connect is what vaultclient.Connect does, which this package cannot import.
func connect(to vault.Settings, cfg Config) (*Client, error) {
	client, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV = client
	return NewClient(cfg)
}

func testAddress(t testing.TB) Address {
	return Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: vaulttest.Workflow(t)}.Secret("credentials")
}

func mustDescribe(t testing.TB, c *Client, a Address) Entry {
	t.Helper()
	e, err := c.Describe(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// requestsOf lists the requests as "METHOD verb".
func requestsOf(p *vaulttest.Proxy) string {
	var out []string
	for _, r := range p.Requests() {
		path := strings.TrimPrefix(r.Path, "/v1/"+DefaultMount+"/")
		verb, _, _ := strings.Cut(path, "/")
		if strings.HasSuffix(r.Path, "capabilities-self") {
			verb = "capabilities"
		}
		if strings.Contains(r.Path, "sys/internal/ui/mounts/") {
			verb = "mount"
		}
		out = append(out, r.Method+" "+verb)
	}
	return strings.Join(out, ", ")
}

func TestWriteSendsTwoRequests(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	ctx, a := context.Background(), testAddress(t)

	absent := mustDescribe(t, c, a)
	first, err := c.Put(ctx, Write{Address: a, Value: NewValue("one"), Observed: absent})
	if err != nil || first.Version != 1 {
		t.Fatalf("writing an absent secret: %+v, %v", first, err)
	}
	if got, want := requestsOf(proxy), "GET mount, GET metadata, PUT capabilities, PUT data, PATCH metadata"; got != want {
		t.Errorf("the first write sent %q, want %q", got, want)
	}
	seen := mustDescribe(t, c, a)
	proxy.Reset()
	second, err := c.Put(ctx, Write{Address: a, Value: NewValue("base64:two"), Observed: seen})
	if err != nil || second.Version != 2 {
		t.Fatalf("writing the secret again: %+v, %v", second, err)
	}
	if got, want := requestsOf(proxy), "PUT data, PATCH metadata"; got != want {
		t.Errorf("the second write sent %q, want %q", got, want)
	}
	proxy.AssertBlind(t)
	proxy.AssertCheckAndSet(t)
	raw, ok := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name)
	if plain, err := relayDecode(raw); !ok || err != nil || plain != "base64:two" {
		t.Errorf("the reader reads %q", plain)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync {
		t.Errorf("after a write: %s", verdict)
	}
}

func TestStaleWriteIsAConflictAndSentOnce(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	ctx, a := context.Background(), testAddress(t)
	if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("one")}); err != nil {
		t.Fatal(err)
	}
	seen := mustDescribe(t, c, a)
	v.Write(t, a.Group, a.Name, "foreign")
	proxy.Reset()
	_, err := c.Put(ctx, Write{Address: a, Value: NewValue("two"), Observed: seen})
	if !errors.Is(err, ErrConflict) {
		t.Fatalf("a stale write: %v", err)
	}
	wantError(t, err, "changed since the plan: version 2, planned from 1")
	if got, want := requestsOf(proxy), "PUT data, GET metadata"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if raw, _ := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); raw != "foreign" {
		t.Errorf("the foreign value was replaced")
	}
}

func TestWriteIsSentOnceMoreAfterALostAnswer(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, row := range []struct {
		name    string
		prepare func(*vaulttest.Proxy)
		want    error
		version int
	}{
		{"the request was lost", func(p *vaulttest.Proxy) { p.Cut(1, vaulttest.Before) }, nil, 2},
		{"the answer was lost", func(p *vaulttest.Proxy) { p.Cut(1, vaulttest.After) }, ErrOutcomeUnknown, 2},
		{"both answers were lost", func(p *vaulttest.Proxy) { p.Cut(1, vaulttest.Before); p.Cut(2, vaulttest.After) }, ErrOutcomeUnknown, 2},
		{"a 500 in place of the answer", func(p *vaulttest.Proxy) { p.Fail(1, http.StatusInternalServerError) }, nil, 2},
		{"never answered", func(p *vaulttest.Proxy) { p.Cut(1, vaulttest.Before); p.Cut(2, vaulttest.Before) }, ErrOutcomeUnknown, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			ctx, a := context.Background(), testAddress(t)
			if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("one")}); err != nil {
				t.Fatal(err)
			}
			seen := mustDescribe(t, c, a)
			proxy.Reset()
			row.prepare(proxy)
			_, err := c.Put(ctx, Write{Address: a, Value: NewValue("two"), Observed: seen})
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if writes := strings.Count(requestsOf(proxy), "PUT data"); writes > 2 {
				t.Errorf("the value was sent %d times", writes)
			}
			after := mustDescribe(t, c, a)
			if after.Current != row.version {
				t.Errorf("the secret is at version %d, want %d", after.Current, row.version)
			}
			// The next write succeeds in every case.
			if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("two"), Observed: after}); err != nil {
				t.Errorf("the next write: %v", err)
			}
			if raw, _ := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); raw != "two" {
				t.Errorf("the reader reads %q", raw)
			}
		})
	}
}

func TestRecordIsRetriedUntilSettled(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := settlingClient(t, v.Writer(t), shop, 3*time.Second)
	ctx, a := context.Background(), testAddress(t)
	failing := true
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodPatch && failing {
			return vaulttest.CutAt(vaulttest.Before)
		}
		return vaulttest.Action{}
	})
	written, err := c.Put(ctx, Write{Address: a, Value: NewValue("one")})
	if !errors.Is(err, ErrNoRecord) || written.Version != 1 {
		t.Fatalf("a record that was never written: %+v, %v", written, err)
	}
	if n := strings.Count(requestsOf(proxy), "PATCH"); n < 2 {
		t.Errorf("the record was sent %d times", n)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), &written); verdict.State != RecordLost {
		t.Errorf("with the baseline: %s", verdict)
	}
	proxy.Reset()
	again, err := c.Put(ctx, Write{Address: a, Value: NewValue("one"), Observed: mustDescribe(t, c, a), Baseline: &written})
	if err != nil || Judge(shop, mustDescribe(t, c, a), &again).State != InSync {
		t.Errorf("repairing it by the baseline: %v", err)
	}
}
