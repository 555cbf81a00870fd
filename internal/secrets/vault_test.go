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

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// realClient speaks to the dev Vault through a recording proxy, with the given
// token.
func realClient(t testing.TB, token string, owner Owner) (*Client, *vaulttest.Proxy) {
	t.Helper()
	proxy := vaulttest.NewProxy(t, vaulttest.Start(t).Address)
	c, err := connect(vault.Settings{Address: proxy.Address, Token: token}, Config{Owner: owner, Settle: 300 * time.Millisecond})
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

// ask lists the requests as "METHOD verb", the way people talk of them.
func asked(p *vaulttest.Proxy) string {
	var out []string
	for _, r := range p.Requests() {
		path := strings.TrimPrefix(r.Path, "/v1/"+DefaultMount+"/")
		verb, _, _ := strings.Cut(path, "/")
		if strings.HasSuffix(r.Path, "capabilities-self") {
			verb = "capabilities"
		}
		out = append(out, r.Method+" "+verb)
	}
	return strings.Join(out, ", ")
}

func TestAWriteIsTwoRequests(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	ctx, a := context.Background(), testAddress(t)

	first, err := c.Put(ctx, Write{Address: a, Value: NewValue("one")})
	if err != nil || first.Version != 1 {
		t.Fatalf("writing an absent secret: %+v, %v", first, err)
	}
	if got, want := asked(proxy), "PUT capabilities, PUT data, PATCH metadata"; got != want {
		t.Errorf("the first write asked %q, want %q", got, want)
	}
	seen := mustDescribe(t, c, a)
	proxy.Reset()
	second, err := c.Put(ctx, Write{Address: a, Value: NewValue("base64:two"), Observed: seen})
	if err != nil || second.Version != 2 {
		t.Fatalf("writing our own secret: %+v, %v", second, err)
	}
	if got, want := asked(proxy), "PUT data, PATCH metadata"; got != want {
		t.Errorf("the second write asked %q, want %q", got, want)
	}
	proxy.AssertBlind(t)
	proxy.AssertCheckAndSet(t)
	raw, ok := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name)
	if plain, err := relayDecode(raw); !ok || err != nil || plain != "base64:two" {
		t.Errorf("the reader sees %q", plain)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync {
		t.Errorf("after a write: %s", verdict)
	}
}

func TestAStaleWriteIsAConflictAndSentOnce(t *testing.T) {
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
	if got, want := asked(proxy), "PUT data, GET metadata"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if raw, _ := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); raw != "foreign" {
		t.Errorf("the foreign value was replaced")
	}
}

func TestALostAnswerIsAskedForOnceMore(t *testing.T) {
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
			if writes := strings.Count(asked(proxy), "PUT data"); writes > 2 {
				t.Errorf("the value was sent %d times", writes)
			}
			after := mustDescribe(t, c, a)
			if after.Current != row.version {
				t.Errorf("the secret is at version %d, want %d", after.Current, row.version)
			}
			// Whatever happened, the next turn puts it right.
			if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("two"), Observed: after}); err != nil {
				t.Errorf("the next write: %v", err)
			}
			if raw, _ := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); raw != "two" {
				t.Errorf("the reader sees %q", raw)
			}
		})
	}
}

func TestTheRecordIsRetriedUntilSettled(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
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
		t.Fatalf("a record that never got through: %+v, %v", written, err)
	}
	if n := strings.Count(asked(proxy), "PATCH"); n < 2 {
		t.Errorf("the record was tried %d times", n)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), &written); verdict.State != RecordLost {
		t.Errorf("with the memory: %s", verdict)
	}
	proxy.Reset()
	again, err := c.Put(ctx, Write{Address: a, Value: NewValue("one"), Observed: mustDescribe(t, c, a), Baseline: &written})
	if err != nil || Judge(shop, mustDescribe(t, c, a), &again).State != InSync {
		t.Errorf("repairing it by memory: %v", err)
	}
}

func TestALackingCapabilityStopsBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	const (
		data     = `path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`
		metadata = `path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`
		delete   = `path "customers/delete/workflows/+/+" { capabilities = ["update"] }`
	)
	for _, row := range []struct {
		name, rules, want string
		do                func(*Client, Address) error
	}{
		{"no patch", data + strings.Replace(metadata, `, "patch"`, "", 1), `path "customers/metadata/workflows/+/+" { capabilities = ["patch"] }`, putOne},
		{"no update", strings.Replace(data, `, "update"`, "", 1) + metadata, `path "customers/data/workflows/+/+" { capabilities = ["update"] }`, putOne},
		{"no data at all", metadata, `capabilities = ["create", "update"]`, putOne},
		{"no delete", data + metadata, `path "customers/delete/workflows/+/+" { capabilities = ["update"] }`, deleteOne},
		{"no destroy", data + metadata + delete, `path "customers/destroy/workflows/+/+" { capabilities = ["update"] }`, purgeOne},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := testAddress(t)
			full, _ := realClient(t, v.Writer(t), shop)
			if _, err := full.Put(context.Background(), Write{Address: a, Value: NewValue("one")}); err != nil {
				t.Fatal(err)
			}
			c, proxy := realClient(t, v.Token(t, row.rules), shop)
			err := row.do(c, a)
			if !errors.Is(err, ErrMissingCapability) {
				t.Fatalf("got %v", err)
			}
			wantError(t, err, row.want)
			if got, want := asked(proxy), "GET metadata, PUT capabilities"; got != want {
				t.Errorf("asked %q, want only %q", got, want)
			}
		})
	}
}

func putOne(c *Client, a Address) error {
	e, err := c.Describe(context.Background(), a)
	if err != nil {
		return err
	}
	_, err = c.Put(context.Background(), Write{Address: a, Value: NewValue("two"), Observed: e})
	return err
}

func deleteOne(c *Client, a Address) error {
	_, err := c.Delete(context.Background(), a, nil)
	return err
}

func purgeOne(c *Client, a Address) error {
	_, err := c.Purge(context.Background(), a, nil)
	return err
}

func TestATokenThatMayNotAskForItsCapabilitiesIsWarned(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	token := v.Token(t,
		`path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`,
		`path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`,
		`path "sys/capabilities-self" { capabilities = ["deny"] }`)
	var warnings []string
	c, err := connect(vault.Settings{Address: v.Address, Token: token},
		Config{Owner: shop, Warn: func(text string) { warnings = append(warnings, text) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(context.Background(), Write{Address: testAddress(t), Value: NewValue("one")}); err != nil {
		t.Errorf("the write: %v", err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "capabilities-self") {
		t.Errorf("warnings: %q", warnings)
	}
}

func TestRemovals(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	put := func(t *testing.T, c *Client, a Address, e Entry) {
		t.Helper()
		if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("x"), Observed: e}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name    string
		before  func(t *testing.T, c *Client, a Address)
		purge   bool
		want    Deletion
		wantErr error
		live    bool
		verdict State
	}{
		{name: "our own", want: SoftDeleted, verdict: Absent},
		{name: "our own, purged", purge: true, want: AllDestroyed, verdict: Absent},
		{name: "dead already", before: func(t *testing.T, _ *Client, a Address) { v.SoftDelete(t, a.Group, a.Name) }, want: ReleasedOnly, verdict: Absent},
		{
			name:   "overwritten by somebody",
			before: func(t *testing.T, _ *Client, a Address) { v.Write(t, a.Group, a.Name, "foreign") },
			want:   ReleasedOnly, live: true, verdict: Unmanaged,
		},
		{name: "purged by an administrator", before: func(t *testing.T, _ *Client, a Address) { v.Purge(t, a.Group, a.Name) }, want: NothingOwned, verdict: Absent},
		{
			name: "adopted by another owner",
			before: func(t *testing.T, c *Client, a Address) {
				other, _ := realClient(t, v.Writer(t), cluster)
				if _, err := other.Put(ctx, Write{Address: a, Adopt: true, Value: NewValue("y"), Observed: mustDescribe(t, c, a)}); err != nil {
					t.Fatal(err)
				}
			},
			want: NothingOwned, wantErr: ErrNotOwner, live: true, verdict: OwnedByOther,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			a := testAddress(t)
			put(t, c, a, Entry{})
			put(t, c, a, mustDescribe(t, c, a))
			if row.before != nil {
				row.before(t, c, a)
			}
			proxy.Reset()
			do := c.Delete
			if row.purge {
				do = c.Purge
			}
			got, err := do(ctx, a, nil)
			if got != row.want || !errors.Is(err, row.wantErr) {
				t.Errorf("got %v, %v, want %v, %v", got, err, row.want, row.wantErr)
			}
			e := mustDescribe(t, c, a)
			if e.Live() != row.live {
				t.Errorf("live is %v, want %v", e.Live(), row.live)
			}
			if verdict := Judge(shop, e, nil); verdict.State != row.verdict {
				t.Errorf("afterwards: %s", verdict)
			}
			proxy.AssertBlind(t)
		})
	}
}

func TestAdoptLeavesTheOtherOwnersRecord(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx, a := context.Background(), testAddress(t)
	first, _ := realClient(t, v.Writer(t), cluster)
	second, _ := realClient(t, v.Writer(t), shop)
	if _, err := first.Put(ctx, Write{Address: a, Value: NewValue("x")}); err != nil {
		t.Fatal(err)
	}
	before := mustDescribe(t, second, a)
	if _, err := second.Put(ctx, Write{Address: a, Value: NewValue("y"), Observed: before}); !errors.Is(err, ErrNotOwner) {
		t.Errorf("taking another's secret without adopt: %v", err)
	}
	if _, err := second.Put(ctx, Write{Address: a, Adopt: true, Value: NewValue("y"), Observed: before}); err != nil {
		t.Fatal(err)
	}
	after := mustDescribe(t, second, a)
	if after.Records[cluster] != before.Records[cluster] {
		t.Errorf("the other's record went from %s to %s", before.Records[cluster], after.Records[cluster])
	}
	if got := Judge(cluster, after, nil).String(); got != "owned by "+string(shop) {
		t.Errorf("the displaced owner sees: %s", got)
	}
}

func TestVaultTroubleSaysWhatToDo(t *testing.T) {
	t.Parallel()
	own := vaulttest.StartOwn(t)
	token := own.Writer(t)
	connect := func(address, token string) *Client {
		c, err := connect(vault.Settings{Address: address, Token: token}, Config{Owner: shop})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := testAddress(t)
	_, err := connect(own.Address, "hvs.no-such-token").Describe(context.Background(), a)
	wantError(t, err, "invalid, revoked or expired")
	elsewhere := a
	elsewhere.Mount = "nowhere"
	_, err = connect(own.Address, own.RootToken).Describe(context.Background(), elsewhere)
	wantError(t, err, "no KV v2 secrets engine is mounted")
	own.Seal(t)
	_, err = connect(own.Address, token).Describe(context.Background(), a)
	wantError(t, err, "sealed; unseal it")
	_, err = connect(own.Address, token).Put(context.Background(), Write{Address: a, Value: NewValue("x")})
	wantError(t, err, "sealed; unseal it")
	own.Stop(t)
	_, err = connect(own.Address, token).Describe(context.Background(), a)
	wantError(t, err, "nothing answers at this address")
	if !AffectsAll(err) {
		t.Error("an unreachable Vault does not concern every secret")
	}
}

// realOutsider changes the dev Vault with the root token.
type realOutsider struct {
	t *testing.T
	v *vaulttest.Vault
	a Address
	c *Client
}

func (o realOutsider) outsideWrite(kv.Entry) kv.Written {
	o.v.Write(o.t, o.a.Group, o.a.Name, "foreign")
	e := mustDescribe(o.t, o.c, o.a)
	return kv.Written{Version: e.Current, CreatedTime: formatTime(e.Versions[e.Current].Created)}
}

func (o realOutsider) outsideDelete(kv.Entry) {
	if mustDescribe(o.t, o.c, o.a).Live() {
		o.v.SoftDelete(o.t, o.a.Group, o.a.Name)
	}
}

func (o realOutsider) outsideUndelete(kv.Entry) {
	if e := mustDescribe(o.t, o.c, o.a); e.Current > 0 {
		o.v.Undelete(o.t, o.a.Group, o.a.Name, e.Current)
	}
}

func (o realOutsider) outsidePurge(kv.Entry) {
	if mustDescribe(o.t, o.c, o.a).Current > 0 {
		o.v.Purge(o.t, o.a.Group, o.a.Name)
	}
}

// TestHistoriesOnVault runs the histories of the model against the dev Vault.
// While an actor waits for time there, nobody else moves.
func TestHistoriesOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	token := v.Writer(t)
	kv, err := vault.New(vault.Settings{Address: v.Address, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	observer, err := NewClient(Config{KV: kv, Owner: "person/observer"})
	if err != nil {
		t.Fatal(err)
	}
	// rapid has one count for all properties, and Vault is slower than a model.
	const histories = 8
	ran := 0
	rapid.Check(t, func(rt *rapid.T) {
		if ran++; ran > histories {
			return
		}
		a := testAddress(t)
		h := &history{
			t: rt, kv: kv, settle: 20 * time.Millisecond, address: a,
			out: realOutsider{t, v, a, observer},
			quiesce: func(h *history) {
				for _, actor := range h.actors {
					for actor.running && actor.gate == nil {
						h.collect(<-h.events)
					}
				}
			},
		}
		h.run(25)
	})
}
