// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestSurveyDescribesEverySecretOfEveryScope(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	one, two, empty := testAddress(t).Scope, testAddress(t).Scope, testAddress(t).Scope
	for i := range 20 {
		v.Write(t, one.Group, fmt.Sprintf("secret %d", i), "x")
	}
	v.Write(t, two.Group, "live", "x")
	v.Write(t, two.Group, "live", "x")
	v.Write(t, two.Group, "dead", "x")
	v.SoftDelete(t, two.Group, "dead")

	seen, err := c.Survey(t.Context(), one, two, empty)
	if err != nil || len(seen.Failed) > 0 || len(seen.Entries) != 22 {
		t.Fatalf("%d entries, unseen %v, %v", len(seen.Entries), seen.Failed, err)
	}
	live, dead := seen.Entries[two.Secret("live")], seen.Entries[two.Secret("dead")]
	if live.Current != 2 || !live.Live() || dead.Current != 1 || dead.Live() {
		t.Errorf("live is %+v, dead is %+v", live, dead)
	}
	if n := len(proxy.Requests()); n != 1+3+22 {
		t.Errorf("%d requests for 3 scopes and 22 secrets", n)
	}
	proxy.AssertBlind(t)
}

func TestSurveyContinuesAfterAFailedScope(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	shown, unlisted, unread := testAddress(t).Scope, testAddress(t).Scope, testAddress(t).Scope
	invalid := Scope{Mount: "customers", Prefix: "workflows", Group: "+"}
	for _, s := range []Scope{shown, unlisted, unread} {
		v.Write(t, s.Group, "a", "x")
		v.Write(t, s.Group, "b", "x")
	}
	rule := func(path, capability string) string {
		return fmt.Sprintf("path %q { capabilities = [%q] }\n", "customers/metadata/workflows/"+path, capability)
	}
	c, proxy := realClient(t, v.Token(t,
		rule(shown.Group+"/", "list"), rule(shown.Group+"/+", "read"),
		rule(unread.Group+"/", "list"), rule(unread.Group+"/a", "read"),
		rule(unlisted.Group+"/+", "read")), shop)

	seen, err := c.Survey(t.Context(), shown, unlisted, unread, invalid)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Entries) != 2 || seen.Entries[shown.Secret("a")].Current != 1 {
		t.Errorf("entries %v", seen.Entries)
	}
	wantError(t, seen.Failed[unlisted], `path "customers/metadata/workflows/`+unlisted.Group+`/" { capabilities = ["list"] }`)
	wantError(t, seen.Failed[unread], `path "customers/metadata/workflows/`+unread.Group+`/+" { capabilities = ["read"] }`)
	if !errors.Is(seen.Failed[invalid], ErrInvalid) || seen.Failed[shown] != nil {
		t.Errorf("unseen: %v", seen.Failed)
	}
	for _, r := range proxy.Requests() {
		if strings.Contains(r.Path, "workflows/+") {
			t.Error("Vault was asked about an invalid name")
		}
	}
}

func TestSurveyEndsAtAnErrorThatAffectsAll(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, _ := realClient(t, "no-such-token", shop)
	scope := testAddress(t).Scope
	v.Write(t, scope.Group, "a", "x")
	if seen, err := c.Survey(t.Context(), scope); !AffectsAll(err) || len(seen.Entries) > 0 {
		t.Errorf("%v, %v", seen, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Survey(ended, scope); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	ending, cancel := context.WithCancel(t.Context())
	_, _, err := requestAll(ending, 1, []int{1}, func(ctx context.Context, _ int) (int, error) {
		cancel()
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("at the end of the context, with the last answer: %v", err)
	}
}

func TestSurveyKeepsToTheConcurrencyLimit(t *testing.T) {
	t.Parallel()
	scope := testAddress(t).Scope
	synctest.Test(t, func(t *testing.T) {
		kv := &crowd{answer: make(chan struct{})}
		c, err := NewClient(Config{KV: kv, Owner: shop, Concurrency: 3})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := c.Survey(t.Context(), scope)
			done <- err
		}()
		synctest.Wait()
		if n := kv.waiting.Load(); n != 3 {
			t.Errorf("%d requests are under way at once, want 3", n)
		}
		close(kv.answer)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// crowd is a Vault of 50 secrets that answers no request before the test lets it.
type crowd struct {
	KV
	waiting atomic.Int64
	answer  chan struct{}
}

func (*crowd) ReadMount(_ context.Context, _, mount string) (kv.Mount, error) {
	out := kv.Mount{Path: mount + "/", Type: "kv"}
	out.Options.Version = "2"
	return out, nil
}

func (*crowd) List(context.Context, kv.Entry) ([]string, error) {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprint(i))
	}
	return names, nil
}

func (c *crowd) ReadMetadata(context.Context, kv.Entry) (kv.Metadata, error) {
	c.waiting.Add(1)
	<-c.answer
	return kv.Metadata{}, nil
}
