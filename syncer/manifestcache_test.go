// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// once runs one sync of a controller that goes on.
func once(t *testing.T, c *Controller, ask Request) report.Report {
	t.Helper()
	reports, err := c.Sync(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}

// An unchanged file is neither read nor opened again: its content is taken out of
// the repository, and only what has to be written misses it.
func TestUnchangedFilesAreNotReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: one\n", w.workflow(0)))
	w.seal("b.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: two\n", w.workflow(1)))
	w.commit()
	c := New(w.cfg, "test")
	if s := once(t, c, Request{Apply: true}).Summary(); s.Add != 2 {
		t.Fatalf("the first sync: %+v", s)
	}
	w.writes()

	w.seal("b.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: three\n", w.workflow(1)))
	w.commit()
	object := strings.TrimSpace(w.run("git", "rev-parse", "main:a.yaml"))
	path := filepath.Join(w.repo, ".git", "objects", object[:2], object[2:])
	aside := filepath.Join(t.TempDir(), "object")
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	if s := once(t, c, Request{Apply: true}).Summary(); s.Change != 1 || s.Unchanged != 1 || s.Failed != 0 {
		t.Errorf("a sync that does not need the missing file: %+v", s)
	}

	// A repair needs the value, so it reads that file, and fails for it alone.
	w.vault.Write(t, w.workflow(0), "token", "foreign")
	w.vault.Write(t, w.workflow(1), "token", "foreign")
	if s := once(t, c, Request{Apply: true}).Summary(); s.Repair != 1 || s.Failed != 1 {
		t.Errorf("a sync that needs the missing file: %+v", s)
	}
	w.wantRead(w.workflow(0), "token", "foreign")
	w.wantRead(w.workflow(1), "token", "three")
	if err := os.Rename(aside, path); err != nil {
		t.Fatal(err)
	}
	if s := once(t, c, Request{Apply: true}).Summary(); s.Repair != 1 || s.Failed != 0 {
		t.Errorf("a sync with the file back: %+v", s)
	}
	w.wantRead(w.workflow(0), "token", "one")
}

func TestOtherKeysEmptyTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: one\n", w.workflow(0)))
	w.commit()
	c := New(w.cfg, "test")
	once(t, c, Request{Apply: true})
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keyFile := w.cfg.Sources[0].AgeKeys[0]
	if err := os.WriteFile(keyFile, []byte(other.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := once(t, c, Request{Apply: true}); len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Err.Error(), "no available key decrypts this file") {
		t.Errorf("a sync with another key: %+v", r.Failures)
	}
}

func TestCacheDropsRemovedFiles(t *testing.T) {
	t.Parallel()
	m := newManifestCache(nil)
	a, b := gitsource.File{Path: "a", OID: "1"}, gitsource.File{Path: "b", OID: "1"}
	m.keep(a, outcome{wants: make([]plan.Want, 2), leaves: 2})
	m.keep(b, outcome{wants: make([]plan.Want, 3), leaves: 3})
	if got := m.recall([]gitsource.File{b}); len(got) != 1 || len(got[0].wants) != 3 {
		t.Errorf("recalled %+v, want b", got)
	}
	if unknown, leaves := m.missing([]gitsource.File{a, b}); len(unknown) != 1 || unknown[0] != a || leaves != 3 {
		t.Errorf("unknown are %v, want only a, and %d leaves are known", unknown, leaves)
	}
}
