// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// noted counts the records that were sent since the proxy was reset.
func (w *world) noted() int {
	n := 0
	for _, r := range w.proxy.Requests() {
		if r.Method == http.MethodPatch {
			n++
		}
	}
	return n
}

func (w *world) record(name string) string {
	w.t.Helper()
	custom, _ := w.vault.Metadata(w.t, w.workflow(0), name)["custom_metadata"].(map[string]any)
	record, _ := custom["relay.gitops/"+w.cfg.Controller+"/shop"].(string)
	if record == "" {
		w.t.Fatalf("%s has no record", name)
	}
	return record
}

func field(record, name string) string {
	for _, f := range strings.Fields(record) {
		if value, found := strings.CutPrefix(f, name+"="); found {
			return value
		}
	}
	return ""
}

// rotated is a world of two secrets, applied, and then rotated by sops.
func rotated(t *testing.T, key string) (*world, string) {
	t.Helper()
	w := newWorld(t, 1)
	canary := vaulttest.Canary(t)
	if key != "" {
		w.cfg.FingerprintKeyFile = write(t, t.TempDir(), "fingerprint.key", key)
	}
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    one: %s-1\n    two: %s-2\n", w.workflow(0), canary, canary))
	w.commit()
	if s := w.sync(true).Summary(); s.Add != 2 {
		t.Fatalf("the first sync:\n%s", w.text())
	}
	before := w.read("a.yaml")
	w.sops("rotate", "--in-place", "a.yaml")
	if anEnc.FindString(before) == anEnc.FindString(w.read("a.yaml")) {
		t.Fatal("sops rotate kept the ciphertext")
	}
	w.commit()
	w.writes()
	return w, canary
}

const someKey = "0123456789abcdef0123456789abcdef\n"

func TestRotatedWithAFingerprintKeyWritesNoVersion(t *testing.T) {
	t.Parallel()
	w, canary := rotated(t, someKey)
	before := w.record("one")
	planned := w.sync(false)
	if s := planned.Summary(); s.UpdateRecord != 2 || planned.Outcome() != report.Clean || !strings.Contains(w.text(), "Plan: 2 records to update.") {
		t.Errorf("the plan:\n%s", w.text())
	}
	w.proxy.Reset()
	applied := w.sync(true)
	notes := w.noted()
	if n := w.writes(); n != 0 || notes != 2 || applied.Summary().UpdateRecord != 2 || applied.Outcome() != report.Clean {
		t.Errorf("%d values and %d records were sent, want 0 and 2\n%s", n, notes, w.text())
	}
	after := w.record("one")
	for _, same := range []string{"version", "time", "hmac1", "origin"} {
		if field(after, same) == "" || field(after, same) != field(before, same) {
			t.Errorf("the record's %s was %q and is %q", same, field(before, same), field(after, same))
		}
	}
	for _, other := range []string{"sops1", "key1", "revision"} {
		if field(after, other) == "" || field(after, other) == field(before, other) {
			t.Errorf("the record's %s is still %q", other, field(after, other))
		}
	}
	if s := w.sync(true).Summary(); s.Unchanged != 2 || w.noted() != 0 {
		t.Errorf("once more: %+v\n%s", s, w.text())
	}
	w.wantRead(w.workflow(0), "one", canary+"-1")
	vaulttest.AssertNoCanary(t, canary, w.output)
}

func TestRotatedWithoutAFingerprintKeyWritesOneVersion(t *testing.T) {
	t.Parallel()
	w, canary := rotated(t, "")
	if s := w.sync(true).Summary(); s.Change != 2 || w.writes() != 2 {
		t.Errorf("the sync: %+v\n%s", s, w.text())
	}
	if s := w.sync(true).Summary(); s.Unchanged != 2 || w.writes() != 0 {
		t.Errorf("once more: %+v\n%s", s, w.text())
	}
	w.wantRead(w.workflow(0), "one", canary+"-1")
}

// A key that comes later goes into the records by itself, and from then on saves
// versions.
func TestFingerprintKeyAddedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    one: value\n", w.workflow(0)))
	w.commit()
	w.sync(true)
	for _, key := range []string{someKey, strings.ToUpper(someKey)} {
		w.cfg.FingerprintKeyFile = write(t, t.TempDir(), "fingerprint.key", key)
		w.writes()
		before := field(w.record("one"), "hmac1")
		if s := w.sync(true).Summary(); s.UpdateRecord != 1 || w.noted() != 1 || w.writes() != 0 {
			t.Errorf("the sync with another key: %+v\n%s", s, w.text())
		}
		if after := field(w.record("one"), "hmac1"); after == "" || after == before {
			t.Errorf("the fingerprint was %q and is %q", before, after)
		}
		if s := w.sync(true).Summary(); s.Unchanged != 1 {
			t.Errorf("once more: %+v\n%s", s, w.text())
		}
	}
}

func TestInvalidFingerprintKeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ content, want string }{
		"short":        {"0123456789abcdef0123456789abcde\n", "fewer than 32 bytes"},
		"too long":     {strings.Repeat("x", conffile.MaxKeyBytes+1), "larger than the limit of 4096 bytes"},
		"one newline":  {someKey, ""},
		"windows' own": {strings.TrimSpace(someKey) + "\r\n", ""},
	} {
		_, err := (&config.Config{FingerprintKeyFile: write(t, t.TempDir(), "key", row.content)}).FingerprintKeys()
		if got := fmt.Sprint(err); row.want == "" && err != nil || !strings.Contains(got, row.want) || strings.Contains(got, "0123") {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
	if _, err := (&config.Config{FingerprintKeyFile: t.TempDir()}).FingerprintKeys(); err == nil {
		t.Error("a folder was taken for a key")
	}
}

// The keyless plan sees what changed by the ciphertext, with a token that reads
// metadata, without key files, and changes nothing.
func TestKeylessPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	canary := vaulttest.Canary(t)
	manifest := func(one string) string {
		return fmt.Sprintf("workflows:\n  %s:\n    one: %s\n    two: %s-2\n", w.workflow(0), one, canary)
	}
	w.seal("a.yaml", manifest(canary+"-1"))
	w.commit()
	w.sync(true)
	w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.vault.Token(t,
		`path "customers/metadata/workflows/+/" { capabilities = ["list"] }`,
		`path "customers/metadata/workflows/+/+" { capabilities = ["read"] }`))
	keys := w.cfg.Sources[0].AgeKeys
	w.cfg.Sources[0].AgeKeys = []string{"/nowhere/age.key"}
	w.cfg.FingerprintKeyFile = "/nowhere/fingerprint.key"
	w.proxy.Reset()
	if r := w.ask(Request{Keyless: true}); r.Summary().Unchanged != 2 || r.Outcome() != report.Clean {
		t.Errorf("the plan of what was applied:\n%s", w.text())
	}

	w.cfg.Sources[0].AgeKeys = keys
	w.sops("set", "a.yaml", fmt.Sprintf(`["workflows"]["%s"]["one"]`, w.workflow(0)), `"`+canary+`-3"`)
	w.commit()
	w.cfg.Sources[0].AgeKeys = []string{"/nowhere/age.key"}
	r := w.ask(Request{Keyless: true})
	if s := r.Summary(); s.Change != 1 || s.Unchanged != 1 || r.Outcome() != report.Pending || !strings.Contains(w.text(), "maybe changed") {
		t.Errorf("the plan of a change:\n%s", w.text())
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d values were sent", n)
	}
	if _, err := New(w.cfg, "test").Sync(t.Context(), Request{Keyless: true, Apply: true}); err == nil {
		t.Error("a plan without keys was applied")
	}
	vaulttest.AssertNoCanary(t, canary, w.output)
}

// TestFingerprintKeyMayBeReplacedAtAnyTime replaces the file under a controller that has
// read it: the next sync signs the records with the new key, without a restart.
func TestFingerprintKeyMayBeReplacedAtAnyTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	dir := t.TempDir()
	w.cfg.FingerprintKeyFile = write(t, dir, "key", someKey)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    one: value\n", w.workflow(0)))
	w.commit()
	c := New(w.cfg, "test")
	synced := func() report.Report {
		t.Helper()
		reports, err := c.Sync(t.Context(), Request{Apply: true})
		if err != nil || len(reports) != 1 || reports[0].Err != nil {
			t.Fatalf("%+v, %v", reports, err)
		}
		return reports[0]
	}
	synced()
	before := field(w.record("one"), "hmac1")
	write(t, dir, "key", "not a key yet\n")
	if s := synced().Summary(); s.Unchanged != 1 {
		t.Errorf("with a file that is being written: %+v", s)
	}
	write(t, dir, "key", strings.ToUpper(someKey)+someKey)
	if s := synced().Summary(); s.UpdateRecord != 1 {
		t.Errorf("with a new key before the old one: %+v", s)
	}
	if after := field(w.record("one"), "hmac1"); after == "" || after == before {
		t.Errorf("the fingerprint was %q and is %q", before, after)
	}
	if s := synced().Summary(); s.Unchanged != 1 {
		t.Errorf("once more: %+v", s)
	}
}
