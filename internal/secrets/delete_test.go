// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// claimIn is what the record of the client's owner names.
func claimIn(t *testing.T, c *Client, a Address) Claim {
	t.Helper()
	return mustDescribe(t, c, a).Claim(c.Owner())
}

func TestDeleteAndPurge(t *testing.T) {
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
		want    Outcome
		live    bool
		verdict State
	}{
		{name: "the owner's", want: SoftDeleted, verdict: Absent},
		{name: "the owner's, purged", purge: true, want: AllDestroyed, verdict: Absent},
		{name: "dead already", before: func(t *testing.T, _ *Client, a Address) { v.SoftDelete(t, a.Group, a.Name) }, want: AlreadyDeleted, verdict: Absent},
		{
			name:   "overwritten by another writer",
			before: func(t *testing.T, _ *Client, a Address) { v.Write(t, a.Group, a.Name, "foreign") },
			want:   ReleasedOnly, live: true, verdict: Unmanaged,
		},
		{name: "purged by an administrator", before: func(t *testing.T, _ *Client, a Address) { v.Purge(t, a.Group, a.Name) }, want: NothingClaimed, verdict: Absent},
		{
			name: "adopted by another owner",
			before: func(t *testing.T, c *Client, a Address) {
				other, _ := realClient(t, v.Writer(t), cluster)
				if _, err := other.Put(ctx, Write{Address: a, Adopt: true, Value: NewValue("y"), Observed: mustDescribe(t, c, a)}); err != nil {
					t.Fatal(err)
				}
			},
			want: ReleasedOnly, live: true, verdict: OwnedByOther,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			a := testAddress(t)
			put(t, c, a, Entry{})
			put(t, c, a, mustDescribe(t, c, a))
			claim := claimIn(t, c, a)
			if row.before != nil {
				row.before(t, c, a)
			}
			proxy.Reset()
			do := c.Delete
			if row.purge {
				do = c.Purge
			}
			got, err := do(ctx, a, claim)
			if got.Outcome != row.want || err != nil {
				t.Errorf("got %v, %v, want %v", got.Outcome, err, row.want)
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

func TestAdoptKeepsTheRecordOfTheFormerOwner(t *testing.T) {
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
		t.Errorf("writing the secret of another owner without adopt: %v", err)
	}
	if _, err := second.Put(ctx, Write{Address: a, Adopt: true, Value: NewValue("y"), Observed: before}); err != nil {
		t.Fatal(err)
	}
	after := mustDescribe(t, second, a)
	if after.Records[cluster] != before.Records[cluster] {
		t.Errorf("the record of the former owner changed from %s to %s", before.Records[cluster], after.Records[cluster])
	}
	if got := Judge(cluster, after, nil).String(); got != "owned by "+string(shop) {
		t.Errorf("the former owner sees: %s", got)
	}
}
