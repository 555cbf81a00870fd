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

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// replaced is a secret that two instances of one owner wrote, with the claims of both.
func replaced(t *testing.T, c *Client) (a Address, old, current Claim) {
	t.Helper()
	a = testAddress(t)
	first, err := c.Put(t.Context(), Write{Address: a, Value: NewValue("old")})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Put(t.Context(), Write{Address: a, Value: NewValue("new"), Observed: mustDescribe(t, c, a)})
	if err != nil {
		t.Fatal(err)
	}
	return a, first.Claim(c.Owner()), second.Claim(c.Owner())
}

func TestOldInstanceDoesNotDeleteTheValueOfTheNewOne(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for name, purge := range map[string]bool{"delete": false, "purge": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			a, old, current := replaced(t, c)
			before := mustDescribe(t, c, a)
			proxy.Reset()
			done, err := byClaim(t.Context(), c, a, old, purge)
			if err != nil || done.Outcome != WrittenSince || done.Remaining.Current != 2 {
				t.Errorf("the old instance: %+v, %v", done, err)
			}
			if got := requestsOf(proxy); got != "GET metadata" {
				t.Errorf("sent %q", got)
			}
			if raw, ok := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); !ok || raw != "new" {
				t.Errorf("the reader reads %q, %v", raw, ok)
			}
			if after := mustDescribe(t, c, a); after.Records[shop] != before.Records[shop] {
				t.Errorf("the record changed to %s", after.Records[shop])
			}
			// The new instance deletes its own.
			if done, err := byClaim(t.Context(), c, a, current, purge); err != nil || !done.Outcome.Deleted() || mustDescribe(t, c, a).Live() {
				t.Errorf("the new instance: %+v, %v", done, err)
			}
		})
	}
}

// TestRemovalWaitsForTheRecordOfANewerVersion: the new instance has written its value,
// and its record follows while the old one waits.
func TestRemovalWaitsForTheRecordOfANewerVersion(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	other, _ := realClient(t, v.Writer(t), shop)
	a, _, current := replaced(t, c)
	v.Write(t, a.Group, a.Name, "newest")
	observed := 0
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method != http.MethodGet {
			return vaulttest.Action{}
		}
		if observed++; observed == 2 {
			e := mustDescribe(t, other, a)
			record := Record{Version: 3, Time: e.Versions[3].Created}
			if err := other.writeRecord(context.Background(), a, record, FingerprintKeys{}); err != nil {
				t.Error(err)
			}
		}
		return vaulttest.Action{}
	})
	if done, err := c.Delete(t.Context(), a, current); err != nil || done.Outcome != WrittenSince {
		t.Errorf("the old instance: %+v, %v", done, err)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync {
		t.Errorf("the record of the new instance: %s", verdict)
	}
}

// TestRepeatedReleaseKeepsANewerRecord: the answer to the release is lost, and another
// instance of the owner writes before it is sent again.
func TestRepeatedReleaseKeepsANewerRecord(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := settlingClient(t, v.Writer(t), shop, time.Minute)
	other, _ := realClient(t, v.Writer(t), shop)
	a, _, current := replaced(t, c)
	proxy.Reset()
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method != http.MethodPatch || strings.Count(requestsOf(proxy), "PATCH") > 1 {
			return vaulttest.Action{}
		}
		if _, err := other.Put(context.Background(), Write{Address: a, Value: NewValue("newest"), Observed: mustDescribe(t, other, a)}); err != nil {
			t.Error(err)
		}
		return vaulttest.CutAt(vaulttest.Before)
	})
	if done, err := c.Delete(t.Context(), a, current); err != nil || done.Outcome != SoftDeleted {
		t.Errorf("got %+v, %v", done, err)
	}
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync || verdict.Version != 3 {
		t.Errorf("the newer version of the same owner: %s", verdict)
	}
}

// TestFormerOwnerOfAStateDeletesItsOwnVersion: the provider's owner has changed since the
// write.
func TestFormerOwnerOfAStateDeletesItsOwnVersion(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	former, _ := realClient(t, v.Writer(t), shop)
	c, _ := realClient(t, v.Writer(t), cluster)
	a, _, current := replaced(t, former)
	if done, err := c.Delete(t.Context(), a, current); err != nil || done.Outcome != SoftDeleted {
		t.Errorf("got %+v, %v", done, err)
	}
	e := mustDescribe(t, c, a)
	if r := e.Records[shop]; e.Live() || !r.Released || r.Version != 2 || len(e.Records) != 1 {
		t.Errorf("afterwards: live %v, %+v", e.Live(), e.Records)
	}
}

func TestRemovalWithoutAnOwnerIsInvalid(t *testing.T) {
	t.Parallel()
	c, proxy := realClient(t, vaulttest.Start(t).Writer(t), shop)
	if _, err := c.Delete(t.Context(), testAddress(t), Claim{Version: 1}); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if n := len(proxy.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}
