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

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestReaderReadsAWrittenConnection(t *testing.T) {
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

func TestReadersGetOneWholeConnection(t *testing.T) {
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

func TestCrashAtAnyRequestLeavesAWholeConnection(t *testing.T) {
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

func TestConnectionsFollowTheProtocolOfSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.client(us)
	other, proxy := w.client(them)
	a := w.address("sendgrid", "mail")
	w.put(c, a, map[string]string{"apiKey": "own"})
	write := secrets.Write{Address: a, Fields: values(map[string]string{"apiKey": "other"}), Observed: w.observe(other, a)}
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
	if got, _ := w.read(w.readerToken(), a); got["apiKey"] != "other" {
		t.Errorf("the reader finds %q", got)
	}
	if got := Judge(us, w.observe(c, a), nil).String(); got != "owned by gitops/cluster/them" {
		t.Errorf("the former owner sees %q", got)
	}
	if done, err := c.Delete(context.Background(), a, w.observe(c, a).Claim(us)); err != nil || done.Outcome != secrets.ReleasedOnly {
		t.Errorf("the former owner deletes: %v, %v", done, err)
	}
}

func TestInvalidConnectionsAreRejectedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, proxy := w.client(us)
	_, err := c.Put(context.Background(), secrets.Write{
		Address: w.address(idA, "a/b"),
		Fields:  values(map[string]string{"x/y": "v", "big": strings.Repeat("x", secrets.DefaultMaxValueBytes+1)}),
	})
	for _, part := range []string{"is a UUID", `"a/b"`, `"x/y"`, "field big"} {
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
