// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"slices"
	"testing"
	"time"
)

// TestRemovalTakesOnlyTheClaimedVersion: each row is an entry, and a claim of shop on
// version 3.
func TestRemovalTakesOnlyTheClaimedVersion(t *testing.T) {
	t.Parallel()
	const settle = time.Minute
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	created := func(version int) time.Time { return now.Add(time.Duration(version-10) * time.Hour) }
	version := func(n int) Version { return Version{Created: created(n)} }
	dead := func(n int) Version { return Version{Created: created(n), Deleted: created(n).Add(time.Minute)} }
	record := func(n int) Record { return Record{Version: n, Time: created(n)} }
	released := func(n int) Record { return Record{Version: n, Time: created(n), Released: true} }
	entry := func(records map[Owner]Record, versions ...Version) Entry {
		e := Entry{Current: len(versions), Oldest: 1, Versions: map[int]Version{}, Records: records, Date: now}
		for i, v := range versions {
			e.Versions[i+1] = v
		}
		return e
	}
	claim := Claim{Owner: shop, Version: 3, Created: created(3)}
	young := Version{Created: now.Add(-10 * time.Second)}

	for _, row := range []struct {
		name  string
		claim Claim
		entry Entry
		purge bool
		want  removal
	}{
		{
			name: "nothing was written", claim: Claim{Owner: shop},
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), version(3)),
			want:  removal{outcome: NothingClaimed},
		},
		{name: "the entry is absent", claim: claim, entry: Entry{}, want: removal{outcome: NothingClaimed}},
		{
			name: "it was rewritten after a purge", claim: claim,
			entry: entry(nil, version(4), version(5), version(6)),
			want:  removal{outcome: NothingClaimed},
		},
		{
			name: "it was rewritten after a purge, and the claimed record came late", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3)}, version(4), version(5), version(6)),
			want:  removal{outcome: NothingClaimed, release: true},
		},
		{
			name: "it was rewritten after a purge by the same owner", claim: claim,
			entry: entry(map[Owner]Record{shop: {Version: 3, Time: created(6)}}, version(4), version(5), version(6)),
			want:  removal{outcome: NothingClaimed},
		},
		{
			name: "current", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), version(3)),
			want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
		},
		{
			name: "current, purge", claim: claim, purge: true,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), version(3)),
			want:  removal{outcome: AllDestroyed, versions: []int{1, 2, 3}, release: true},
		},
		{
			name: "current, and its record was never written", claim: claim,
			entry: entry(nil, version(1), version(2), version(3)),
			want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
		},
		{
			name: "current, and released by another instance before an undelete", claim: claim,
			entry: entry(map[Owner]Record{shop: released(3)}, version(1), version(2), version(3)),
			want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
		},
		{
			name: "dead", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), dead(3)),
			want:  removal{outcome: AlreadyDeleted, release: true},
		},
		{
			name: "removed by another copy of the state", claim: claim,
			entry: entry(map[Owner]Record{shop: released(3)}, version(1), version(2), dead(3)),
			want:  removal{outcome: AlreadyDeleted},
		},
		{
			name: "dead, purge", claim: claim, purge: true,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), dead(3)),
			want:  removal{outcome: AllDestroyed, versions: []int{1, 2, 3}, release: true},
		},
		{
			name: "another instance wrote since", claim: claim,
			entry: entry(map[Owner]Record{shop: record(4)}, version(1), version(2), version(3), version(4)),
			want:  removal{outcome: WrittenSince},
		},
		{
			name: "another instance wrote since, purge", claim: claim, purge: true,
			entry: entry(map[Owner]Record{shop: record(4)}, version(1), version(2), version(3), version(4)),
			want:  removal{outcome: WrittenSince},
		},
		{
			name: "another instance wrote since, and another writer overwrote that", claim: claim,
			entry: entry(map[Owner]Record{shop: record(4)}, version(1), version(2), version(3), version(4), young),
			want:  removal{outcome: WrittenSince},
		},
		{
			name: "another instance wrote since and released", claim: claim,
			entry: entry(map[Owner]Record{shop: released(4)}, version(1), version(2), version(3), dead(4)),
			want:  removal{outcome: WrittenSince},
		},
		{
			name: "another owner took over", claim: claim, purge: true,
			entry: entry(map[Owner]Record{shop: record(3), cluster: record(4)}, version(1), version(2), version(3), version(4)),
			want:  removal{outcome: ReleasedOnly, release: true},
		},
		{
			name: "another owner took over and released", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3), cluster: released(4)}, version(1), version(2), version(3), dead(4)),
			want:  removal{outcome: ReleasedOnly, release: true},
		},
		{
			name: "an old version without a record", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), version(3), version(4)),
			want:  removal{outcome: ReleasedOnly, release: true},
		},
		{
			name: "a young version whose record may follow", claim: claim, purge: true,
			entry: entry(map[Owner]Record{shop: record(3)}, version(1), version(2), version(3), young),
			want:  removal{outcome: ReleasedOnly, release: true, wait: 50 * time.Second},
		},
		{
			name: "a young version over that of another owner", claim: claim,
			entry: entry(map[Owner]Record{shop: record(3), cluster: record(4)}, version(1), version(2), version(3), version(4), young),
			want:  removal{outcome: ReleasedOnly, release: true, wait: 50 * time.Second},
		},
		{
			name: "another instance's record of another entry", claim: claim,
			entry: entry(map[Owner]Record{shop: {Version: 4, Time: now}}, version(1), version(2), version(3), version(4)),
			want:  removal{outcome: ReleasedOnly, release: true},
		},
		{
			name: "Vault has trimmed the version", claim: claim,
			entry: Entry{Current: 14, Oldest: 5, Versions: map[int]Version{14: version(9)}, Records: map[Owner]Record{cluster: {Version: 14, Time: created(9)}}, Date: now},
			want:  removal{outcome: ReleasedOnly, release: true},
		},
		{
			name: "an instance under a former owner of the configuration", claim: Claim{Owner: "terraform/former", Version: 3, Created: created(3)},
			entry: entry(map[Owner]Record{shop: record(2), "terraform/former": record(3)}, version(1), version(2), version(3)),
			want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := decideDeletion(row.entry, row.claim, row.purge, settle)
			if got.outcome != row.want.outcome || got.release != row.want.release || got.wait != row.want.wait || !slices.Equal(got.versions, row.want.versions) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestNotDeletedNamesWhatStays(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	live := Entry{Current: 4, Versions: map[int]Version{4: {Created: at}}, Date: at}
	dead := Entry{Current: 4, Versions: map[int]Version{4: {Created: at, Deleted: at}}, Date: at}
	for _, row := range []struct {
		deletion Deletion
		want     string
	}{
		{Deletion{Outcome: SoftDeleted, Remaining: live}, ""},
		{Deletion{Outcome: AllDestroyed, Remaining: live}, ""},
		{Deletion{Outcome: AlreadyDeleted, Remaining: dead}, "version 4 was already deleted"},
		{Deletion{Outcome: WrittenSince, Remaining: live}, "the same owner has written a newer version since; version 4 stays"},
		{Deletion{Outcome: WrittenSince, Remaining: dead}, "the same owner has written a newer version since; no live value is left"},
		{Deletion{Outcome: ReleasedOnly, Remaining: live}, "another writer has written a newer version; version 4 stays"},
		{Deletion{Outcome: NothingClaimed, Remaining: live}, "nothing of the last write is left in Vault; version 4 stays"},
		{Deletion{}, "nothing of the last write is left in Vault; no live value is left"},
	} {
		if got := row.deletion.NotDeleted(); got != row.want {
			t.Errorf("outcome %d: %q, want %q", row.deletion.Outcome, got, row.want)
		}
	}
}
