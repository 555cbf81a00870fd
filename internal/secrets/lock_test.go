// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// meanwhileKV calls something between a deletion and the release that follows it.
type meanwhileKV struct {
	*modelKV
	meanwhile func()
}

func (m meanwhileKV) DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	err := m.modelKV.DeleteVersions(ctx, e, versions...)
	m.meanwhile()
	return err
}

// TestDestroyKeepsTheRecordThatACreateWritesMeanwhile: one apply destroys the old instance
// of an address and creates another one, as after a shift of count.
func TestDestroyKeepsTheRecordThatACreateWritesMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		a := Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: "deploy"}.Secret("credentials")
		model := &meanwhileKV{modelKV: newModelKV()}
		c, err := NewClient(Config{KV: model, Owner: shop})
		if err != nil {
			t.Fatal(err)
		}
		first, err := c.Put(ctx, Write{Address: a, Value: NewValue("old")})
		if err != nil {
			t.Fatal(err)
		}
		observed := mustDescribe(t, c, a)
		created := make(chan error, 1)
		model.meanwhile = func() {
			go func() {
				_, err := c.Put(ctx, Write{Address: a, Value: NewValue("new"), Observed: observed, Adopt: true})
				created <- err
			}()
			synctest.Wait() // until the create ends or waits
		}
		if done, err := c.Delete(ctx, a, first.Claim(shop)); err != nil || done.Outcome != SoftDeleted {
			t.Errorf("the destroy: %v, %v", done.Outcome, err)
		}
		if err := <-created; err != nil {
			t.Errorf("the create: %v", err)
		}
		if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync || verdict.Version != 2 {
			t.Errorf("the new instance: %s", verdict)
		}
	})
}

func TestLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var locks addressLocks
	a, b := Address{Name: "a"}, Address{Name: "b"}
	unlock, err := locks.lock(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locks.lock(t.Context(), b); err != nil {
		t.Errorf("another address: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := locks.lock(ended, a); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
	unlock()
	if _, err := locks.lock(t.Context(), a); err != nil {
		t.Errorf("after the unlock: %v", err)
	}
}
