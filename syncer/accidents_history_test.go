// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// squash replaces the history of the branch by one commit with the same files.
func (w *world) squash() {
	w.t.Helper()
	w.run("git", "checkout", "-q", "--orphan", "fresh")
	w.run("git", "add", "-A")
	w.run("git", "commit", "-q", "-m", "squash") // in the same second, another message makes another commit
	w.run("git", "branch", "-q", "-M", "fresh", "main")
}

// wantClean checks that a sync changes nothing and reports nothing.
func (w *world) wantClean() {
	w.t.Helper()
	w.writes()
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().Written() != 0 {
		w.t.Errorf("the state is not clean:\n%s", w.text())
	}
}

func TestDeleteAfterARewrittenHistoryIsNotBlocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two", "three")
	w.applied()
	w.squash()
	w.writes()
	if rep := w.sync(true); rep.Outcome() != report.Clean || rep.Summary().UpdateRecord != 3 || rep.Summary().Written() != 0 {
		t.Errorf("the rewritten history:\n%s", w.text())
	}
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	w.gone(w.workflow(0), "three")
	w.wantClean()
}

// TestDeleteOfAFormerHistoryHasAWayOut: a secret that the new history does not have can be
// put into a file again, approved, or deleted by hand.
func TestDeleteOfAFormerHistoryHasAWayOut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		follow func(w *world)
		live   bool
	}{
		{"approved", func(w *world) { w.approved() }, false},
		{"put into a file again", func(w *world) {
			w.secretsIn("gone.yaml", w.workflow(0), "gone")
			w.applied()
		}, true},
		{"deleted by hand", func(w *world) { w.vault.SoftDelete(w.t, w.workflow(0), "gone") }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			for _, name := range []string{"stays", "later", "gone"} {
				w.secretsIn(name+".yaml", w.workflow(0), name)
			}
			w.applied()
			w.secretsIn("gone.yaml", w.workflow(0))
			w.squash()
			w.secretsIn("c.yaml", w.workflow(0), "new") // the second commit of the fork
			w.commit()
			for range 2 {
				if s := w.sync(true).Summary(); s.PendingApproval != 1 || s.Delete != 0 {
					t.Fatalf("the deletion is not pending approval:\n%s", w.text())
				}
			}
			w.wantText("approve its deletion")
			row.follow(w)
			w.wantClean()
			w.secretsIn("later.yaml", w.workflow(0))
			w.commit()
			if s := w.sync(true).Summary(); s.Delete != 1 {
				t.Errorf("a later delete is blocked:\n%s", w.text())
			}
			w.gone(w.workflow(0), "later")
			w.wantClean()
			if row.live {
				w.live(w.workflow(0), "gone")
			} else {
				w.gone(w.workflow(0), "gone")
			}
		})
	}
}

// TestSyncOfAWrongRepositoryHasAWayOut: after one sync of another repository, the right
// one must not stay blocked.
func TestSyncOfAWrongRepositoryHasAWayOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.applied()
	right := w.repo
	w.repo = t.TempDir()
	w.cfg.Sources[0].Repository = w.repo
	w.run("git", "init", "-q", "-b", "main", w.repo)
	w.secretsIn("a.yaml", w.workflow(0), "one", "wrong")
	w.commit()
	w.sync(true)
	w.wantText("or another one")
	w.live(w.workflow(0), "one", "two", "wrong")
	w.repo, w.cfg.Sources[0].Repository = right, right
	w.sync(true)
	w.live(w.workflow(0), "one", "two", "wrong")
	w.approved()
	w.gone(w.workflow(0), "wrong")
	w.wantClean()
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.applied()
	w.gone(w.workflow(0), "two")
}
