// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"testing"
	"time"
)

const (
	shop    Owner = "terraform/shop"
	cluster Owner = "gitops/cluster-1/shop"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

// at is the creation time of version n in these tests.
func at(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// entryWith is an entry of n live versions, observed an hour later.
func entryWith(n int, records map[Owner]Record) Entry {
	e := Entry{Current: n, Versions: map[int]Version{}, Records: records, Date: noon.Add(time.Hour)}
	for i := 1; i <= n; i++ {
		e.Versions[i] = Version{Created: at(i)}
	}
	return e
}

func (e Entry) change(n int, do func(*Version)) Entry {
	v := e.Versions[n]
	do(&v)
	e.Versions[n] = v
	return e
}

func record(n int) Record { return Record{Version: n, Time: at(n)} }

func released(n int) Record { return Record{Version: n, Time: at(n), Released: true} }

func wrote(n int) *Written { return &Written{Version: n, Created: at(n)} }

func deletedAt(t time.Time) func(*Version) { return func(v *Version) { v.Deleted = t } }

func TestJudge(t *testing.T) {
	t.Parallel()
	own := func(n int) map[Owner]Record { return map[Owner]Record{shop: record(n)} }
	elsewhere := &Written{Version: 2, Created: at(40)}
	for _, row := range []struct {
		name  string
		entry Entry
		wrote *Written
		want  string
	}{
		{"never written", Entry{}, nil, "absent"},
		{"the current version is of this owner", entryWith(3, own(3)), nil, "in sync"},
		{"the current version is of this owner and the baseline", entryWith(3, own(3)), wrote(3), "in sync"},
		{"a newer version has no record", entryWith(4, own(3)), nil, "overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3"},
		{"a newer version, without a record, with a baseline", entryWith(4, nil), wrote(3), "overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3"},
		{"the record is newer than the baseline", entryWith(5, own(5)), wrote(3), "overwritten: version 5 at 2026-11-22T12:05:00Z, last written 3"},
		{"another instance took it back since the baseline", entryWith(5, map[Owner]Record{shop: record(5), cluster: record(4)}), wrote(3), "overwritten: version 5 at 2026-11-22T12:05:00Z, last written 3"},
		{"soft-deleted", entryWith(3, own(3)).change(3, deletedAt(at(30))), nil, "deleted at 2026-11-22T12:30:00Z"},
		{"overwritten and then deleted", entryWith(4, own(3)).change(4, deletedAt(at(30))), nil, "deleted at 2026-11-22T12:30:00Z"},
		{"deleted within the second of the observation", entryWith(3, own(3)).change(3, deletedAt(noon.Add(time.Hour+900*time.Millisecond))), nil, "deleted at 2026-11-22T13:00:01Z"},
		{"destroyed", entryWith(3, own(3)).change(3, func(v *Version) { v.Destroyed = true }), nil, "destroyed"},
		{"expired as announced", entryWith(3, map[Owner]Record{shop: {Version: 3, Time: at(3), Expires: at(30)}}).change(3, deletedAt(at(30))), nil, "expired at 2026-11-22T12:30:00Z"},
		{"deleted before it would have expired", entryWith(3, map[Owner]Record{shop: {Version: 3, Time: at(3), Expires: at(30)}}).change(3, deletedAt(at(20))), nil, "deleted at 2026-11-22T12:20:00Z"},
		{"expires in the future, which is not drift", entryWith(3, own(3)).change(3, deletedAt(at(300))), nil, "in sync"},
		{"another owner wrote the current version", entryWith(4, map[Owner]Record{shop: record(3), cluster: record(4)}), wrote(3), "owned by gitops/cluster-1/shop"},
		{"another owner wrote it last", entryWith(4, map[Owner]Record{shop: record(2), cluster: record(3)}), nil, "owned by gitops/cluster-1/shop"},
		{"another owner's dead secret", entryWith(3, map[Owner]Record{cluster: record(3)}).change(3, deletedAt(at(5))), nil, "owned by gitops/cluster-1/shop"},
		{"two records at one version are both forged", entryWith(3, map[Owner]Record{shop: record(3), cluster: record(3)}), nil, "unmanaged"},
		{"a live value without a record", entryWith(1, nil), nil, "unmanaged"},
		{"a dead value without a record", entryWith(1, nil).change(1, deletedAt(at(2))), nil, "absent"},
		{"a baseline without a record", entryWith(1, nil), wrote(1), "record lost"},
		{"the key does not contain a record", Entry{Current: 1, Versions: map[int]Version{1: {Created: at(1)}}, Malformed: []Owner{shop}, Date: noon.Add(time.Hour)}, nil, "record lost"},
		{"the record is of a purged entry", entryWith(2, map[Owner]Record{shop: {Version: 2, Time: at(50)}}), nil, "record lost"},
		{"released and dead", entryWith(3, map[Owner]Record{shop: released(3)}).change(3, deletedAt(at(30))), nil, "absent"},
		{"released, and then written by another writer", entryWith(4, map[Owner]Record{shop: released(3)}).change(3, deletedAt(at(3))), nil, "unmanaged"},
		{"a release cancels the record of an older owner", entryWith(4, map[Owner]Record{shop: released(3), cluster: record(2)}), nil, "unmanaged"},
		{"a release does not cancel a newer record", entryWith(4, map[Owner]Record{shop: released(3), cluster: record(4)}), nil, "owned by gitops/cluster-1/shop"},
		{"a release of a purged entry cancels nothing", entryWith(3, map[Owner]Record{shop: record(3), cluster: {Version: 9, Time: at(9), Released: true}}), nil, "in sync"},
		{"purged", Entry{}, wrote(3), "purged"},
		{"purged and written again up to the version of the baseline", entryWith(2, nil), elsewhere, "rewritten after a purge"},
		{"purged and written again below the version of the baseline", entryWith(1, nil), wrote(3), "rewritten after a purge"},
		{"purged and taken over", entryWith(1, map[Owner]Record{cluster: record(1)}), wrote(3), "owned by gitops/cluster-1/shop"},
		{"restored from a snapshot", entryWith(5, own(5)), wrote(7), "restored: version 5, last written 7"},
		{"a removed version counts by its number", func() Entry {
			e := entryWith(9, map[Owner]Record{shop: {Version: 2, Time: at(2)}})
			for i := 1; i < 5; i++ {
				delete(e.Versions, i)
			}
			e.Oldest = 5
			return e
		}(), nil, "overwritten: version 9 at 2026-11-22T12:09:00Z, last written 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := Judge(shop, row.entry, row.wrote).String(); got != row.want {
				t.Errorf("Judge returns %q, want %q", got, row.want)
			}
		})
	}
}

func TestJudgeDoesNotChangeTheEntry(t *testing.T) {
	t.Parallel()
	e := entryWith(1, map[Owner]Record{})
	Judge(shop, e, wrote(1))
	if len(e.Records) != 0 {
		t.Errorf("Judge wrote the baseline into the entry: %v", e.Records)
	}
}

func TestJudgeAsOwner(t *testing.T) {
	t.Parallel()
	dead := deletedAt(at(30))
	malformed := entryWith(1, nil)
	malformed.Malformed = []Owner{cluster}
	for _, row := range []struct {
		name  string
		entry Entry
		want  string
	}{
		{"a name without a version", Entry{}, "absent"},
		{"its owner's", entryWith(3, map[Owner]Record{cluster: record(3)}), "in sync"},
		{"taken over", entryWith(3, map[Owner]Record{shop: record(2), cluster: record(3)}), "in sync"},
		{"overwritten", entryWith(4, map[Owner]Record{shop: record(2), cluster: record(3)}), "overwritten: version 4 at 2026-11-22T12:04:00Z, last written 3"},
		{"deleted by another writer", entryWith(3, map[Owner]Record{cluster: record(3)}).change(3, dead), "deleted at 2026-11-22T12:30:00Z"},
		{"destroyed", entryWith(3, map[Owner]Record{cluster: record(3)}).change(3, func(v *Version) { v.Destroyed = true }), "destroyed"},
		{"expired", entryWith(3, map[Owner]Record{cluster: {Version: 3, Time: at(3), Expires: at(30)}}).change(3, dead), "expired at 2026-11-22T12:30:00Z"},
		{"deleted by its owner", entryWith(3, map[Owner]Record{cluster: released(3)}).change(3, dead), "absent"},
		{"unmanaged", entryWith(1, nil), "unmanaged"},
		{"unmanaged, dead", entryWith(1, nil).change(1, dead), "absent"},
		{"released, then written by another writer", entryWith(4, map[Owner]Record{cluster: released(3)}), "unmanaged"},
		{"two records at one version are both forged", entryWith(3, map[Owner]Record{shop: record(3), cluster: record(3)}), "unmanaged"},
		{"a record of a purged entry", entryWith(2, map[Owner]Record{cluster: {Version: 2, Time: at(50)}}), "record lost"},
		{"a malformed record", malformed, "record lost"},
		{"a lost record of one, a good one of another", entryWith(2, map[Owner]Record{shop: record(2), cluster: {Version: 2, Time: at(50)}}), "in sync"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := JudgeAsOwner(row.entry).String(); got != row.want {
				t.Errorf("JudgeAsOwner returns %q, want %q", got, row.want)
			}
		})
	}
}

func TestPermit(t *testing.T) {
	t.Parallel()
	dead := deletedAt(at(30))
	for _, row := range []struct {
		name  string
		entry Entry
		wrote *Written
		adopt bool
		want  string
	}{
		{"an absent secret", Entry{}, nil, false, ""},
		{"the owner's", entryWith(3, map[Owner]Record{shop: record(3)}), nil, false, ""},
		{"the owner's, overwritten", entryWith(4, map[Owner]Record{shop: record(3)}), nil, false, ""},
		{"the owner's by its baseline", entryWith(1, nil), wrote(1), false, ""},
		{"a dead one without a record", entryWith(1, nil).change(1, dead), nil, false, ""},
		{"a dead one that was released", entryWith(3, map[Owner]Record{cluster: released(3)}).change(3, dead), nil, false, ""},
		{"a dead one of another", entryWith(3, map[Owner]Record{cluster: record(3)}).change(3, dead), nil, false, "owned by gitops/cluster-1/shop; adopt"},
		{"a live one without a record", entryWith(1, nil), nil, false, "already exists and is unmanaged"},
		{"another's", entryWith(3, map[Owner]Record{cluster: record(3)}), nil, false, "owned by gitops/cluster-1/shop; adopt"},
		{"another's of the same kind", entryWith(3, map[Owner]Record{"terraform/bank": record(3)}), nil, false, "owned by terraform/bank; adopt"},
		{"another's, adopted", entryWith(3, map[Owner]Record{cluster: record(3)}), nil, true, ""},
		{"a baseline of a purged entry", entryWith(1, nil), &Written{Version: 1, Created: at(9)}, false, "already exists"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			address := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
			wantError(t, permit(shop, NoOwner, row.entry.withBaseline(shop, row.wrote), address, row.adopt), row.want)
		})
	}
}

func TestOnlyTheFormerOwnerHandsOver(t *testing.T) {
	t.Parallel()
	const other Owner = "gitops/cluster-1/till"
	rejected := entryWith(3, map[Owner]Record{cluster: record(2)})
	rejected.Rejected = &Record{Version: 3, Time: at(3)}
	for _, row := range []struct {
		name  string
		entry Entry
		want  string
	}{
		{"its secret", entryWith(3, map[Owner]Record{cluster: record(3)}), ""},
		{"its secret, overwritten", entryWith(4, map[Owner]Record{cluster: record(3)}), ""},
		{"its secret, dead", entryWith(3, map[Owner]Record{cluster: record(3)}).change(3, deletedAt(at(5))), ""},
		{"the secret of a third owner", entryWith(3, map[Owner]Record{cluster: record(2), other: record(3)}), "owned by gitops/cluster-1/till"},
		{"an unmanaged live value", entryWith(3, nil), "unmanaged"},
		{"a newer record of this owner that is not authentic", rejected, "record not authentic"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			address := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
			wantError(t, permit(shop, cluster, row.entry, address, false), row.want)
		})
	}
}

func TestSettling(t *testing.T) {
	t.Parallel()
	young := func(e Entry) Entry { e.Date = at(4).Add(10 * time.Second).Truncate(time.Second); return e }
	own := map[Owner]Record{shop: record(3)}
	for _, row := range []struct {
		name     string
		entry    Entry
		baseline *Written
		want     time.Duration
	}{
		{"an old foreign version", entryWith(4, own), nil, 0},
		{"a young foreign version may still get its record", young(entryWith(4, own)), nil, 20*time.Second + 123456789},
		{"a young version that may be a lost write, or that of another writer", young(entryWith(4, nil)), &Written{Version: 4, Created: at(4)}, 20*time.Second + 123456789},
		{"a version with a record needs no waiting", young(entryWith(4, map[Owner]Record{shop: record(4)})), nil, 0},
		{"an unmanaged secret is not repaired", young(entryWith(4, nil)), nil, 0},
		{"a dead one needs no waiting", young(entryWith(4, own)).change(4, deletedAt(at(4))), nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := settling(shop, row.entry, row.baseline, 30*time.Second); got != row.want {
				t.Errorf("waits %s, want %s", got, row.want)
			}
		})
	}
}
