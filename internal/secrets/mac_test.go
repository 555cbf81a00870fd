// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"strings"
	"testing"
)

// macWorld is an entry of the owner shop at version 2, whose records were all signed
// under the key a, and what other writers may make of them.
type macWorld struct {
	t        *testing.T
	kv       *modelKV
	address  Address
	versions []Written
	// records are the owner's records of both versions, and one of another address.
	records []string
	other   string
}

func newMACWorld(t *testing.T) *macWorld {
	t.Helper()
	w := &macWorld{t: t, kv: newModelKV(), address: testScope.Secret("token")}
	c := w.client(t, testKeys(t, "a"), false)
	for _, value := range []string{"one", "two"} {
		wrote := mustPut(t, c, Write{Address: w.address, Value: NewValue(value), Observed: mustDescribe(t, c, w.address), Provenance: Provenance{Origin: "a.yaml"}})
		w.versions, w.records = append(w.versions, wrote), append(w.records, w.record(w.address))
	}
	other := testScope.Secret("other")
	mustPut(t, c, Write{Address: other, Value: NewValue("x")})
	w.other = w.record(other)
	return w
}

func mustPut(t *testing.T, c *Client, write Write) Written {
	t.Helper()
	wrote, err := c.Put(t.Context(), write)
	if err != nil {
		t.Fatal(err)
	}
	return wrote
}

func (w *macWorld) client(t *testing.T, keys FingerprintKeys, required bool) *Client {
	t.Helper()
	c, err := NewClient(Config{KV: w.kv, Owner: "terraform/shop", Keys: keys, RequireMAC: required})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *macWorld) record(a Address) string {
	return w.kv.entries[entryOf(a).Path].custom["relay.terraform/shop"]
}

func (w *macWorld) setRecord(text string) {
	w.kv.entries[entryOf(w.address).Path].custom["relay.terraform/shop"] = text
}

// outside writes a version as another writer.
func (w *macWorld) outside() Written {
	out := w.kv.outsideWrite(entryOf(w.address))
	created, _ := parseTime(out.CreatedTime)
	return Written{Version: out.Version, Created: created}
}

// unsigned is the text of a record without its MAC.
func unsigned(record string) string {
	text, _, _ := strings.Cut(record, macField)
	return text
}

// inFormat1 is a record that an older program wrote.
func inFormat1(record string) string { return strings.TrimPrefix(unsigned(record), "format=2 ") }

// forgedRecordTests are what another writer may do to the record of version 2, and how it
// is judged.
var forgedRecordTests = map[string]struct {
	keys     []string
	required bool
	tamper   func(w *macWorld)
	// want is the verdict of an owner without a baseline, baseline that of one whose
	// baseline is version 2.
	want, baseline State
	mac            MAC
}{
	"its own record":                     {keys: []string{"a"}, want: InSync, baseline: InSync, mac: MACValid},
	"its own record, authentic required": {keys: []string{"a"}, required: true, want: InSync, baseline: InSync, mac: MACValid},
	"a newer key before it":              {keys: []string{"b", "a"}, required: true, want: InSync, baseline: InSync, mac: MACOlderKey},
	"the two keys in the other order":    {keys: []string{"a", "b"}, required: true, want: InSync, baseline: InSync, mac: MACValid},
	"without a key":                      {required: true, want: InSync, baseline: InSync, mac: MACUnchecked},
	"only another key":                   {keys: []string{"b"}, want: NotAuthentic, baseline: InSync, mac: MACInvalid},
	"a record of an outside write, forged": {
		keys: []string{"a"}, want: NotAuthentic, baseline: NotAuthentic, mac: MACInvalid,
		tamper: func(w *macWorld) {
			forged := Record{Version: 3, Time: w.outside().Created}
			w.setRecord(forged.String() + macField + strings.Repeat("A", 22))
		},
	},
	"the same in format 1, without a MAC": {
		keys: []string{"a"}, want: InSync, baseline: Overwritten, mac: MACMissing,
		tamper: func(w *macWorld) {
			w.setRecord(inFormat1(Record{Version: 3, Time: w.outside().Created}.String()))
		},
	},
	"the same, authentic required": {
		keys: []string{"a"}, required: true, want: NotAuthentic, baseline: NotAuthentic, mac: MACMissing,
		tamper: func(w *macWorld) {
			w.setRecord(inFormat1(Record{Version: 3, Time: w.outside().Created}.String()))
		},
	},
	"a field that was changed": {
		keys: []string{"a"}, want: NotAuthentic, baseline: InSync, mac: MACInvalid,
		tamper: func(w *macWorld) { w.setRecord(strings.Replace(w.records[1], "a.yaml", "b.yaml", 1)) },
	},
	"a field that was added before the MAC": {
		keys: []string{"a"}, want: NotAuthentic, baseline: InSync, mac: MACInvalid,
		tamper: func(w *macWorld) { w.setRecord(strings.Replace(w.records[1], macField, " later=x"+macField, 1)) },
	},
	"a field that was added after the MAC": {
		keys: []string{"a"}, want: NotAuthentic, baseline: InSync, mac: MACInvalid,
		tamper: func(w *macWorld) { w.setRecord(w.records[1] + " released=true") },
	},
	"a record of a later program with a field that is not known here": {
		keys: []string{"a"}, required: true, want: InSync, baseline: InSync, mac: MACValid,
		tamper: func(w *macWorld) {
			w.setRecord(testKeys(w.t, "a").sign("terraform/shop", w.address, unsigned(w.records[1])+" later=x"))
		},
	},
	"an older record of the same entry, replayed": {
		keys: []string{"a"}, required: true, want: Overwritten, baseline: RecordLost, mac: MACValid,
		tamper: func(w *macWorld) { w.setRecord(w.records[0]) },
	},
	"a record copied from another entry": {
		keys: []string{"a"}, want: NotAuthentic, baseline: InSync, mac: MACInvalid,
		tamper: func(w *macWorld) { w.setRecord(w.other) },
	},
	"a record of before the key": {
		keys: []string{"a"}, want: InSync, baseline: InSync, mac: MACMissing,
		tamper: func(w *macWorld) { w.setRecord(inFormat1(w.records[1])) },
	},
	"a record of before the key, authentic required": {
		keys: []string{"a"}, required: true, want: NotAuthentic, baseline: InSync, mac: MACMissing,
		tamper: func(w *macWorld) { w.setRecord(inFormat1(w.records[1])) },
	},
	"a forged record below another owner's": {
		keys: []string{"a"}, want: OwnedByOther, baseline: Unmanaged, mac: MACInvalid,
		tamper: func(w *macWorld) {
			w.setRecord(strings.Replace(w.records[0], "a.yaml", "b.yaml", 1))
			w.kv.entries[entryOf(w.address).Path].custom["relay.terraform/other"] = unsigned(w.records[1])
		},
	},
}

func TestForgedRecordsDoNotHideChanges(t *testing.T) {
	t.Parallel()
	for name, row := range forgedRecordTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newMACWorld(t)
			if row.tamper != nil {
				row.tamper(w)
			}
			c := w.client(t, testKeys(t, row.keys...), row.required)
			e := mustDescribe(t, c, w.address)
			if got := Judge(c.owner, e, nil).State; got != row.want || e.MAC != row.mac {
				t.Errorf("verdict %d, MAC %d; want %d, %d", got, e.MAC, row.want, row.mac)
			}
			if got := Judge(c.owner, e, &w.versions[1]).State; got != row.baseline {
				t.Errorf("verdict with the baseline %d, want %d", got, row.baseline)
			}
			w.assertUntouched(t, c, e, row.want, "record not authentic: its MAC is missing or invalid")
		})
	}
}

// assertUntouched asserts that only adopt writes an entry whose record is not authentic,
// and that it is in sync then.
func (w *macWorld) assertUntouched(t *testing.T, c *Client, e Entry, verdict State, message string) {
	t.Helper()
	if verdict != NotAuthentic {
		return
	}
	before := w.record(w.address)
	write := Write{Address: w.address, Value: NewValue("again"), Observed: e}
	_, putErr := c.Put(t.Context(), write)
	updateErr := c.UpdateRecord(t.Context(), w.address, e, Provenance{})
	if !errors.Is(putErr, ErrNotOwner) || !strings.Contains(putErr.Error(), message) || !errors.Is(updateErr, ErrNotOwner) {
		t.Errorf("the write: %v; the update of the record: %v", putErr, updateErr)
	}
	if claim := e.Claim(c.owner); claim != (Claim{}) {
		t.Errorf("a removal would claim %+v", claim)
	}
	if after := w.record(w.address); after != before {
		t.Errorf("the record is %s, was %s", after, before)
	}
	write.Adopt = true
	mustPut(t, c, write)
	if e = mustDescribe(t, c, w.address); Judge(c.owner, e, nil).State != InSync || e.MAC != MACValid {
		t.Errorf("after adopt: %s, MAC %d", Judge(c.owner, e, nil), e.MAC)
	}
}

// A record without a MAC may be anyone's: only a person or a write of the value signs it.
func TestRecordWithoutMACIsSignedOnlyOnRequest(t *testing.T) {
	t.Parallel()
	w := newMACWorld(t)
	w.setRecord(inFormat1(w.records[1]))
	c := w.client(t, testKeys(t, "a"), false)
	if err := c.UpdateRecord(t.Context(), w.address, mustDescribe(t, c, w.address), Provenance{Origin: "new.yaml"}); err != nil {
		t.Fatal(err)
	}
	e := mustDescribe(t, c, w.address)
	if record, is := e.UnsignedRecord(c.owner); e.MAC != MACMissing || !is || record.Origin != "new.yaml" {
		t.Errorf("after an update of the record: MAC %d, %+v", e.MAC, record)
	}
	if err := c.SignRecord(t.Context(), w.address, e); err != nil {
		t.Fatal(err)
	}
	if e = mustDescribe(t, c, w.address); e.MAC != MACValid || e.Current != 2 || e.Records[c.owner].Origin != "new.yaml" {
		t.Errorf("after signing: MAC %d, %+v", e.MAC, e.Records[c.owner])
	}
	w.setRecord(w.other) // names another version: signing it would confirm nothing
	if err := c.SignRecord(t.Context(), w.address, mustDescribe(t, c, w.address)); !errors.Is(err, ErrNotOwner) {
		t.Errorf("signing the record of another entry: %v", err)
	}
	if err := w.client(t, FingerprintKeys{}, false).SignRecord(t.Context(), w.address, e); !errors.Is(err, ErrInvalid) {
		t.Errorf("signing without a key: %v", err)
	}
}

func TestRecordUnderAnOlderKeyIsUpdated(t *testing.T) {
	t.Parallel()
	w := newMACWorld(t)
	c := w.client(t, testKeys(t, "b", "a"), true)
	e := mustDescribe(t, c, w.address)
	if err := c.UpdateRecord(t.Context(), w.address, e, e.Records[c.owner].Provenance); err != nil {
		t.Fatal(err)
	}
	for _, keys := range []FingerprintKeys{testKeys(t, "b", "a"), testKeys(t, "b")} {
		if e := mustDescribe(t, w.client(t, keys, true), w.address); e.MAC != MACValid || e.Current != 2 {
			t.Errorf("MAC %d, version %d", e.MAC, e.Current)
		}
	}
}

// TestMACIsRenewedOnlyOfAnAuthenticRecord: a release stays one, and what the owner wrote
// meanwhile or did not sign stays as it is.
func TestMACIsRenewedOnlyOfAnAuthenticRecord(t *testing.T) {
	t.Parallel()
	rotating := testKeys(t, "b", "a")
	for name, row := range map[string]struct {
		change func(*testing.T, *macWorld)
		want   MAC
	}{
		"live": {want: MACValid},
		"released": {want: MACValid, change: func(t *testing.T, w *macWorld) {
			c := w.client(t, testKeys(t, "a"), true)
			if _, err := c.Delete(t.Context(), w.address, mustDescribe(t, c, w.address).Claim(c.owner)); err != nil {
				t.Fatal(err)
			}
		}},
		"of a version that is gone": {want: MACValid, change: func(_ *testing.T, w *macWorld) {
			w.kv.entries[entryOf(w.address).Path].versions[2].CreatedTime = w.kv.now()
		}},
		"without a MAC": {want: MACMissing, change: func(_ *testing.T, w *macWorld) { w.setRecord(unsigned(w.records[1])) }},
		"changed":       {want: MACInvalid, change: func(_ *testing.T, w *macWorld) { w.setRecord(w.other) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newMACWorld(t)
			if row.change != nil {
				row.change(t, w)
			}
			before := w.record(w.address)
			if err := w.client(t, rotating, true).RenewMAC(t.Context(), w.address); err != nil {
				t.Fatal(err)
			}
			after := w.record(w.address)
			if got := testKeys(t, "b").verify("terraform/shop", w.address, after); row.want == MACValid && got != MACValid || row.want != MACValid && after != before {
				t.Errorf("MAC %d; the record was %s and is %s", got, before, after)
			}
			if unsigned(after) != unsigned(before) {
				t.Errorf("the record was %s and is %s", before, after)
			}
		})
	}
}

// TestMACIsFixed keeps the text of a signed record: records in Vault depend on it.
func TestMACIsFixed(t *testing.T) {
	t.Parallel()
	keys, a := testKeys(t, "k"), testScope.Secret("token")
	const text = "format=2 version=1 time=2026-11-22T12:00:00Z"
	signed := keys.sign("terraform/shop", a, text)
	if want := text + " mac1=3nMM2-6Kp5_0wMIrL4pf4w"; signed != want {
		t.Errorf("signed %s\nwant   %s", signed, want)
	}
	elsewhere := a
	elsewhere.Namespace = "team"
	connection := a
	connection.Prefix = ConnectionsPrefix + "workflows"
	for name, mac := range map[string]MAC{
		"another owner": keys.verify("terraform/other", a, signed), "another namespace": keys.verify("terraform/shop", elsewhere, signed),
		"a connection": keys.verify("terraform/shop", connection, signed),
		"another name": keys.verify("terraform/shop", a.Scope.Secret("other"), signed),
	} {
		if mac != MACInvalid {
			t.Errorf("%s: MAC %d", name, mac)
		}
	}
}
