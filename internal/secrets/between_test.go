// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// betweenKV calls a function before a request of the client, and returns its error in place of sending the request. It sends
// none for a context that has ended.
type betweenKV struct {
	*modelKV
	patch, delete, undelete func() error
}

func (k *betweenKV) PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if k.patch != nil {
		if err := k.patch(); err != nil {
			return err
		}
	}
	return k.modelKV.PatchMetadata(ctx, e, fields)
}

func (k *betweenKV) DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	if k.delete != nil {
		if err := k.delete(); err != nil {
			return err
		}
	}
	return k.modelKV.DeleteVersions(ctx, e, versions...)
}

func (k *betweenKV) UndeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	if k.undelete != nil {
		if err := k.undelete(); err != nil {
			return err
		}
	}
	return k.modelKV.UndeleteVersions(ctx, e, versions...)
}

// betweenWorld is a client of shop with a secret that it wrote.
func betweenWorld(t *testing.T) (*Client, *betweenKV, Address) {
	t.Helper()
	model := &betweenKV{modelKV: newModelKV()}
	c, err := NewClient(Config{KV: model, Owner: shop})
	if err != nil {
		t.Fatal(err)
	}
	a := testScope.Secret("token")
	mustPut(t, c, Write{Address: a, Value: NewValue("one")})
	return c, model, a
}

// TestRecordIsUpdatedOnlyByTheOwnerOfTheCurrentVersion: what is current came from another writer, so a record of
// this owner would describe a value that it did not write.
func TestRecordIsUpdatedOnlyByTheOwnerOfTheCurrentVersion(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *betweenKV, Address){
		"another owner wrote it": func(t *testing.T, model *betweenKV, a Address) {
			other, err := NewClient(Config{KV: model, Owner: cluster})
			if err != nil {
				t.Fatal(err)
			}
			mustPut(t, other, Write{Address: a, Value: NewValue("two"), Adopt: true, Observed: mustDescribe(t, other, a)})
		},
		"another writer wrote it": func(_ *testing.T, model *betweenKV, a Address) { model.outsideWrite(entryOf(a)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, model, a := betweenWorld(t)
			change(t, model, a)
			before := maps.Clone(model.entries[entryOf(a).Path].custom)
			err := c.UpdateRecord(t.Context(), a, mustDescribe(t, c, a), Provenance{Origin: "new.yaml"})
			if after := model.entries[entryOf(a).Path].custom; !errors.Is(err, ErrNotOwner) || !maps.Equal(after, before) {
				t.Errorf("the update: %v; the records were %v and are %v", err, before, after)
			}
		})
	}
}

// TestRenewedMACIsOfTheRecordOfNow: the first request for it fails, and the owner writes the secret before the second.
func TestRenewedMACIsOfTheRecordOfNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newMACWorld(t)
		owner, model := w.client(t, testKeys(t, "a"), true), &betweenKV{modelKV: w.kv}
		renewing := w.client(t, testKeys(t, "b", "a"), true)
		renewing.kv = model
		model.patch = func() error {
			model.patch = nil
			mustPut(t, owner, Write{Address: w.address, Value: NewValue("three"), Observed: mustDescribe(t, owner, w.address)})
			return refusal(kv.ErrUnavailable, http.StatusServiceUnavailable)
		}
		if err := renewing.RenewMAC(t.Context(), w.address); err != nil {
			t.Fatal(err)
		}
		if e := mustDescribe(t, renewing, w.address); e.MAC != MACValid || e.Records[owner.owner].Version != 3 {
			t.Errorf("MAC %d, %s", e.MAC, e.Records[owner.owner])
		}
	})
}

// TestTidyThatBeginsWhileABodyIsWrittenStopsTheWrite: a body of many fields takes longer than an observation of a dead
// entry may be old.
func TestTidyThatBeginsWhileABodyIsWrittenStopsTheWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, model, a := betweenWorld(t)
		_ = model.modelKV.DeleteVersions(t.Context(), entryOf(a), 1)
		time.Sleep(time.Minute)
		_, err := c.Bodies().Put(t.Context(), Write{Address: a, Observed: mustDescribe(t, c, a)}, func(context.Context) (Value, Body, error) {
			time.Sleep(16 * time.Second)
			model.entries[entryOf(a).Path].custom[tidyKey] = "version=1 time=" + formatTime(time.Now())
			return NewValue("two"), Body{}, nil
		})
		if now := mustDescribe(t, c, a).Current; !errors.Is(err, ErrTidying) || now != 1 {
			t.Errorf("the write: %v; version %d is current", err, now)
		}
	})
}

// TestStopBetweenValueAndRecordWritesTheRecord: a value without its record belongs to no owner.
func TestStopBetweenValueAndRecordWritesTheRecord(t *testing.T) {
	t.Parallel()
	c, _, a := betweenWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	_, err := c.Bodies().Put(ctx, Write{Address: a, Observed: mustDescribe(t, c, a)}, func(context.Context) (Value, Body, error) {
		stop()
		return NewValue("two"), Body{}, nil
	})
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); err != nil || verdict.State != InSync || verdict.Version != 2 {
		t.Errorf("the write: %v; then %s", err, verdict)
	}
}

// TestFailedDeletionReleasesNothing: a released value that is still live has no owner that would delete it later.
func TestFailedDeletionReleasesNothing(t *testing.T) {
	t.Parallel()
	c, model, a := betweenWorld(t)
	model.delete = func() error { return refusal(kv.ErrPermissionDenied, http.StatusForbidden) }
	_, err := c.Delete(t.Context(), a, claimIn(t, c, a))
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); !errors.Is(err, kv.ErrPermissionDenied) || verdict.State != InSync {
		t.Errorf("the deletion: %v; then %s", err, verdict)
	}
	model.delete = nil
	if done, err := c.Delete(t.Context(), a, claimIn(t, c, a)); err != nil || done.Outcome != SoftDeleted {
		t.Errorf("the next deletion: %v, %v", done.Outcome, err)
	}
}

// TestUndeleteReportsAWriteThatCameBetween: the value that it restored is not current.
func TestUndeleteReportsAWriteThatCameBetween(t *testing.T) {
	t.Parallel()
	c, model, a := betweenWorld(t)
	if _, err := c.Delete(t.Context(), a, claimIn(t, c, a)); err != nil {
		t.Fatal(err)
	}
	model.undelete = func() error {
		model.outsideWrite(entryOf(a))
		return nil
	}
	if _, err := c.Undelete(t.Context(), a); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v", err)
	}
}
