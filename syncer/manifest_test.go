// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// What the real sops sealed in each format arrives byte for byte.
func TestMappedFilesArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	canary := vaulttest.Canary(t)
	blob := make([]byte, 5000)
	_, _ = rand.Read(blob) // never fails
	source := &w.cfg.Sources[0]
	source.Map = []config.MapEntry{
		{File: "apps/*.env", Workflow: w.workflow(0)},
		{File: "old/*.ini", Workflow: w.workflow(1)},
		{File: "certs/store.p12", Workflow: w.workflow(2), Secret: "store.p12"},
		// A file that Files matches as well.
		{File: "certs/text.yaml", Workflow: w.workflow(2), Secret: "text"},
	}
	w.seal("apps/web.env", "# a comment\nTOKEN="+canary+"\nQUOTED=\"q u\"\nMULTI=one\\ntwo\nEQUALS=a=b==\nSPACES=  x \nHASH=a#b\n")
	w.seal("old/app.ini", "token = "+canary+"\n\n; a comment\n[db]\npassword = pass word\nquoted = \"a b\"\n\n[db.replica]\npassword = other\n")
	w.seal("certs/store.p12", string(blob))
	write(t, w.repo, "certs/text.yaml", "line one\nline two: "+canary+"\n")
	w.sops("encrypt", "--in-place", "--input-type", "binary", "--output-type", "yaml", "certs/text.yaml")
	w.seal("team.yaml", fmt.Sprintf("workflows:\n  %s:\n    own: value\n", w.workflow(0)))
	w.commit()
	want := []map[string]string{
		{"TOKEN": canary, "QUOTED": `"q u"`, "MULTI": "one\ntwo", "EQUALS": "a=b==", "SPACES": "  x ", "HASH": "a#b", "own": "value"},
		{"token": canary, "db.password": "pass word", "db.quoted": "a b", "db.replica.password": "other"},
		{"store.p12": string(blob), "text": "line one\nline two: " + canary + "\n"},
	}

	verified, err := New(w.cfg, "test").Verify(t.Context(), nil)
	if err != nil || len(verified) != 5 {
		t.Errorf("verify: %v, %v", verified, err)
	}
	for _, v := range verified {
		if v.Err != nil {
			t.Errorf("verify: %v", v.Err)
		}
	}
	if r := w.sync(true); r.Summary().Add != 13 || r.Outcome() != report.Clean {
		t.Fatalf("the sync:\n%s", w.text())
	}
	w.writes()
	for i, named := range want {
		reader := w.vault.Reader(t, w.workflow(i))
		for name, value := range named {
			raw, ok := w.vault.ReadAs(t, reader, w.workflow(i), name)
			if got := relayDecode(t, raw); !ok || got != value {
				t.Errorf("%d/%s reads %.60q, want %.60q", i, name, got, value)
			}
		}
	}
	if r := w.sync(true); r.Summary().Unchanged != 13 || w.writes() != 0 {
		t.Errorf("once more:\n%s", w.text())
	}
	vaulttest.AssertNoCanary(t, canary, w.output)
}

func TestFailedMappedFileBlocksDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.cfg.Sources[0].Map = []config.MapEntry{{File: "*.env", Workflow: w.workflow(0)}}
	w.seal("app.env", "A=one\nB=two\n")
	w.commit()
	w.sync(true)
	w.writes()
	lines := strings.SplitAfter(w.read("app.env"), "\n")
	write(t, w.repo, "app.env", strings.Join(lines[1:], "")) // A is gone, and the MAC does not match
	w.commit()
	if r := w.sync(true); len(r.Failures) != 1 || r.Summary().Delete != 0 || !strings.Contains(w.text(), "does not match the file") {
		t.Errorf("the sync:\n%s", w.text())
	}
	w.wantRead(w.workflow(0), "A", "one")

	// Two entries for one file are not guessed between.
	w.cfg.Sources[0].Map = append(w.cfg.Sources[0].Map, config.MapEntry{File: "app.*", Workflow: w.workflow(0)})
	if r := w.sync(true); len(r.Failures) != 1 || !strings.Contains(w.text(), `the map entries "*.env" and "app.*" of source shop both match this file`) {
		t.Errorf("the sync:\n%s", w.text())
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d values were sent", n)
	}
}
