// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// removalTime is Vault's clock at the removals of removalTests.
var removalTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// removalSettle is the settle of removalTests.
const removalSettle = time.Minute

func createdAt(version int) time.Time { return removalTime.Add(time.Duration(version-10) * time.Hour) }

func liveVersion(n int) Version { return Version{Created: createdAt(n)} }

func deadVersion(n int) Version {
	return Version{Created: createdAt(n), Deleted: createdAt(n).Add(time.Minute)}
}

func recordOf(n int) Record { return Record{Version: n, Time: createdAt(n)} }

func releasedRecord(n int) Record { return Record{Version: n, Time: createdAt(n), Released: true} }

// entryOfVersions is an entry with these versions, from number 1.
func entryOfVersions(records map[Owner]Record, versions ...Version) Entry {
	e := Entry{Current: len(versions), Oldest: 1, Versions: map[int]Version{}, Records: records, Date: removalTime}
	for i, v := range versions {
		e.Versions[i+1] = v
	}
	return e
}

var (
	claimed = Claim{Owner: shop, Version: 3, Created: createdAt(3)}
	// youngVersion is one whose record may still follow.
	youngVersion = Version{Created: removalTime.Add(-10 * time.Second)}
)

// removalTests: each is an entry, and a claim of shop on version 3.
var removalTests = []struct {
	name  string
	claim Claim
	entry Entry
	purge bool
	want  removal
}{
	{
		name: "nothing was written", claim: Claim{Owner: shop},
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: NothingClaimed},
	},
	{name: "the entry is absent", claim: claimed, entry: Entry{}, want: removal{outcome: NothingClaimed}},
	{
		name: "it was rewritten after a purge", claim: claimed,
		entry: entryOfVersions(nil, liveVersion(4), liveVersion(5), liveVersion(6)),
		want:  removal{outcome: NothingClaimed},
	},
	{
		name: "it was rewritten after a purge, and the claimed record came late", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(4), liveVersion(5), liveVersion(6)),
		want:  removal{outcome: NothingClaimed, release: true},
	},
	{
		name: "it was rewritten after a purge by the same owner", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: {Version: 3, Time: createdAt(6)}}, liveVersion(4), liveVersion(5), liveVersion(6)),
		want:  removal{outcome: NothingClaimed},
	},
	{
		name: "current", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
	},
	{
		name: "current, purge", claim: claimed, purge: true,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: AllDestroyed, versions: []int{1, 2, 3}, release: true},
	},
	{
		name: "current, and its record was never written", claim: claimed,
		entry: entryOfVersions(nil, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
	},
	{
		name: "current, and released by another instance before an undelete", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: releasedRecord(3)}, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
	},
	{
		name: "dead", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), deadVersion(3)),
		want:  removal{outcome: AlreadyDeleted, release: true},
	},
	{
		name: "removed by another copy of the state", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: releasedRecord(3)}, liveVersion(1), liveVersion(2), deadVersion(3)),
		want:  removal{outcome: AlreadyDeleted},
	},
	{
		name: "dead, purge", claim: claimed, purge: true,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), deadVersion(3)),
		want:  removal{outcome: AllDestroyed, versions: []int{1, 2, 3}, release: true},
	},
	{
		name: "another instance wrote since", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(4)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4)),
		want:  removal{outcome: WrittenSince},
	},
	{
		name: "another instance wrote since, purge", claim: claimed, purge: true,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(4)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4)),
		want:  removal{outcome: WrittenSince},
	},
	{
		name: "another instance wrote since, and another writer overwrote that", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(4)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4), youngVersion),
		want:  removal{outcome: WrittenSince},
	},
	{
		name: "another instance wrote since and released", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: releasedRecord(4)}, liveVersion(1), liveVersion(2), liveVersion(3), deadVersion(4)),
		want:  removal{outcome: WrittenSince},
	},
	{
		name: "another owner took over", claim: claimed, purge: true,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3), cluster: recordOf(4)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4)),
		want:  removal{outcome: ReleasedOnly, release: true},
	},
	{
		name: "another owner took over and released", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3), cluster: releasedRecord(4)}, liveVersion(1), liveVersion(2), liveVersion(3), deadVersion(4)),
		want:  removal{outcome: ReleasedOnly, release: true},
	},
	{
		name: "an old version without a record", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4)),
		want:  removal{outcome: ReleasedOnly, release: true},
	},
	{
		name: "a youngVersion version whose record may follow", claim: claimed, purge: true,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3), youngVersion),
		want:  removal{outcome: ReleasedOnly, release: true, wait: 50 * time.Second},
	},
	{
		name: "a youngVersion version over that of another owner", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(3), cluster: recordOf(4)}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4), youngVersion),
		want:  removal{outcome: ReleasedOnly, release: true, wait: 50 * time.Second},
	},
	{
		name: "another instance's record of another entry", claim: claimed,
		entry: entryOfVersions(map[Owner]Record{shop: {Version: 4, Time: removalTime}}, liveVersion(1), liveVersion(2), liveVersion(3), liveVersion(4)),
		want:  removal{outcome: ReleasedOnly, release: true},
	},
	{
		name: "Vault has trimmed the version", claim: claimed,
		entry: Entry{Current: 14, Oldest: 5, Versions: map[int]Version{14: liveVersion(9)}, Records: map[Owner]Record{cluster: {Version: 14, Time: createdAt(9)}}, Date: removalTime},
		want:  removal{outcome: ReleasedOnly, release: true},
	},
	{
		name: "an instance under a former owner of the configuration", claim: Claim{Owner: "terraform/former", Version: 3, Created: createdAt(3)},
		entry: entryOfVersions(map[Owner]Record{shop: recordOf(2), "terraform/former": recordOf(3)}, liveVersion(1), liveVersion(2), liveVersion(3)),
		want:  removal{outcome: SoftDeleted, versions: []int{3}, release: true},
	},
}

func TestRemovalTakesOnlyTheClaimedVersion(t *testing.T) {
	t.Parallel()
	for _, row := range removalTests {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := decideDeletion(row.entry, row.claim, row.purge, removalSettle)
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
	owned := live
	owned.Records = map[Owner]Record{"terraform/shop": {Version: 4, Time: at}}
	address := Scope{Mount: "customers", Prefix: "work flows", Group: "deploy"}.Secret("token")
	stays := "; version 4 of 2026-11-22T12:00:00Z, written by %s, stays; if no program needs it any more, delete it: vault kv delete -mount=customers -versions=4 'work flows/deploy/token'"
	dead := Entry{Current: 4, Versions: map[int]Version{4: {Created: at, Deleted: at}}, Date: at}
	for _, row := range []struct {
		deletion Deletion
		want     string
	}{
		{Deletion{Outcome: SoftDeleted, Remaining: live}, ""},
		{Deletion{Outcome: AllDestroyed, Remaining: live}, ""},
		{Deletion{Outcome: AlreadyDeleted, Remaining: dead}, "version 4 was already deleted"},
		{Deletion{Outcome: WrittenSince, Remaining: owned}, "the same owner has written a newer version since" + fmt.Sprintf(stays, "terraform/shop")},
		{Deletion{Outcome: WrittenSince, Remaining: dead}, "the same owner has written a newer version since; no live value is left"},
		{Deletion{Outcome: ReleasedOnly, Remaining: live}, "another writer has written a newer version" + fmt.Sprintf(stays, "another writer")},
		{Deletion{Outcome: NothingClaimed, Remaining: live}, "nothing of the last write is left in Vault" + fmt.Sprintf(stays, "another writer")},
		{Deletion{}, "nothing of the last write is left in Vault; no live value is left"},
	} {
		if got := row.deletion.NotDeleted(address); got != row.want {
			t.Errorf("outcome %d: %q, want %q", row.deletion.Outcome, got, row.want)
		}
	}
}
