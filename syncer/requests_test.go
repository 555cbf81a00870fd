// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// looked waits until the loop of the source has looked at its branch once more.
func (d *daemon) looked() {
	d.t.Helper()
	d.polledAfter("a hint", func() { d.Hint("shop") })
}

func TestUnchangedCommitSendsNoRequestToVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), numbered(20)...)
	w.commit()
	d := w.daemon()
	d.until("all is applied", func() bool { return d.status()["shop"].Settled() })
	w.proxy.Reset()
	d.looked()
	// Another branch, and another file in the folder of git, are not a new commit of the source.
	w.run("git", "branch", "other")
	w.run("git", "gc", "-q")
	d.looked()
	if asked := w.proxy.Requests(); len(asked) != 0 {
		t.Errorf("%d requests, the first %s %s", len(asked), asked[0].Method, asked[0].Path)
	}
	// A commit that changes no manifest costs what a drift check does.
	w.run("git", "commit", "-q", "--allow-empty", "-m", "nothing")
	d.until("the commit is seen", func() bool { return strings.HasPrefix(w.run("git", "rev-parse", "main"), d.status()["shop"].Seen) })
	w.wantOneReadEach(20)
}

func TestDriftCheckReadsEachSecretOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.cfg.Sources[0].DriftInterval = 2 * time.Second
	w.secretsIn("a.yaml", w.workflow(0), numbered(20)...)
	w.secretsIn("b.yaml", w.workflow(1), numbered(30)...)
	w.commit()
	d := w.daemon()
	d.until("all is applied", func() bool { return d.status()["shop"].Settled() })
	last := d.status()["shop"].LastSync
	w.proxy.Reset()
	d.until("Vault is compared", func() bool { return d.status()["shop"].LastSync.After(last) })
	d.stop() // before the next one
	w.wantOneReadEach(50)
}

// wantOneReadEach checks that Vault was asked for lists and metadata alone, for the
// metadata of each of n secrets as often as for its workflow's list.
func (w *world) wantOneReadEach(n int) {
	w.t.Helper()
	lists, total := map[string]int{}, 0
	for _, r := range w.proxy.Requests() {
		path, found := strings.CutPrefix(r.Path, "/v1/customers/metadata/workflows/")
		workflow, name, _ := strings.Cut(path, "/")
		switch {
		case !found || (r.Method != http.MethodGet && r.Method != "LIST"):
			w.t.Errorf("asked %s %s", r.Method, r.Path)
		case name == "":
			lists[workflow]++
		default:
			total++
		}
	}
	if total != n {
		w.t.Errorf("metadata was read %d times, want %d, once for each secret", total, n)
	}
	for workflow, count := range lists {
		if count != 1 {
			w.t.Errorf("workflow %s was listed %d times", workflow, count)
		}
	}
	w.proxy.AssertBlind(w.t)
}

// TestNewSecretIsWrittenWithoutAReadOfIt: the list of its workflow has shown that it does
// not exist.
func TestNewSecretIsWrittenWithoutAReadOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.cfg.Vault.Settle = time.Minute // a busy machine must not make the list old
	w.secretsIn("a.yaml", w.workflow(0), numbered(20)...)
	w.commit()
	if added := w.sync(true).Summary().Add; added != 20 {
		t.Fatalf("%d secrets were added", added)
	}
	for _, r := range w.proxy.Requests() {
		if strings.HasPrefix(r.Path, "/v1/customers/metadata/workflows/"+w.workflow(0)+"/") && r.Method == http.MethodGet && !strings.HasSuffix(r.Path, "/") {
			t.Fatalf("asked %s %s", r.Method, r.Path)
		}
	}
	if n := w.writes(); n != 20 {
		t.Errorf("%d values were sent", n)
	}
}
