// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDaemonHandsOverWithoutADriftInterval(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	d := w.daemon()
	clean := func(commit string) func() bool {
		return func() bool {
			all := d.status()
			return all["team-a"].Applied == commit && all["team-b"].Applied == commit
		}
	}
	head := func() string { return strings.TrimSpace(w.run("git", "rev-parse", "main")) }
	d.until("both sources follow", clean(head()))
	w.move()
	d.until("the secret is handed over", clean(head()))
	w.wantOwner("team-a", 2)

	t.Log("and back, in two commits: the new source first")
	w.run("cp", "team-a/db.yaml", "team-b/db.yaml")
	w.commit()
	d.until("the status names the source that has to let it go", func() bool {
		return strings.Contains(strings.Join(d.status()["team-b"].Problems, "\n"), "source team-a wants it, too; remove it from the files of that source")
	})
	w.wantOwner("team-a", 2)
	w.run("git", "rm", "-q", "team-a/db.yaml")
	w.commit()
	d.until("the secret is handed back", clean(head()))
	w.wantOwner("team-b", 3)
}

// Without it, each side waits for its next poll or retry.
func TestHandOverWakesTheOtherSource(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	w.move()
	c := New(w.cfg, "test")
	for _, row := range []struct{ syncs, wakes string }{{"team-b", "team-a"}, {"team-a", "team-b"}} {
		if _, err := c.Sync(t.Context(), Request{Apply: true, Sources: []string{row.syncs}}); err != nil {
			t.Fatal(err)
		}
		if !c.wakes[row.wakes].take().changed {
			t.Errorf("the sync of %s did not wake %s", row.syncs, row.wakes)
		}
	}
}

// Replicas follow different commits for a while: the older one has not seen the commit of
// the record, so it takes nothing back.
func TestReplicaAtAnOlderCommitTakesNothingBack(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	old := *w
	cfg := *w.cfg
	cfg.Sources = slices.Clone(cfg.Sources)
	clone := t.TempDir()
	w.run("git", "clone", "-q", w.repo, clone)
	for i := range cfg.Sources {
		cfg.Sources[i].Repository = clone
	}
	old.cfg = &cfg
	w.move()
	for range 3 {
		w.askAll(Request{Apply: true})
		old.askAll(Request{Apply: true})
	}
	w.endsClean(Request{Apply: true})
	w.wantOwner("team-a", 2)
}

// requestsOfAMove is one more than the requests for the workflow of an apply of both sources.
const requestsOfAMove = 15

// TestKilledHandOverLosesNothing kills the real program at each of its requests for the
// workflow. The secret has a value at any moment, and the next sync ends the hand-over.
func TestKilledHandOverLosesNothing(t *testing.T) {
	t.Parallel()
	program := relaySync(t)
	for n := 1; n <= requestsOfAMove; n++ {
		t.Run(fmt.Sprintf("at request %d", n), func(t *testing.T) {
			t.Parallel()
			w := newTeams(t)
			w.move()
			ofTheWorkflow := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/"+w.workflow(0)) }
			if killed := killAt(t, w, program, n, ofTheWorkflow); !killed && n < requestsOfAMove {
				t.Errorf("not killed: there are fewer than %d requests", requestsOfAMove-1)
			} else if killed && n == requestsOfAMove {
				t.Errorf("killed: there are more than %d requests", requestsOfAMove-1)
			}
			w.wantRead(w.workflow(0), "moved", "one")
			w.endsClean(Request{Apply: true})
			w.wantOwner("team-a", w.movedEntry().Current)
			if e := w.movedEntry(); e.Current > 3 {
				t.Errorf("%d versions were written", e.Current)
			}
		})
	}
}

// TestReplicasDoNotQuarrelOverAMovedSecret runs two controllers without an election while
// a secret moves back and forth faster than they follow. No move deletes it, and in the
// end one of them has written it once for the last commit.
func TestReplicasDoNotQuarrelOverAMovedSecret(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	for i := range w.cfg.Sources {
		w.cfg.Sources[i].DriftInterval = time.Second
	}
	replicas := []*daemon{w.daemon(), w.daemon()}
	const moves = 7
	for i := range moves {
		teams := []string{"team-a/db.yaml", "team-b/db.yaml"}
		w.run("git", "mv", teams[(i+1)%2], teams[i%2])
		w.run("git", "commit", "-q", "-m", fmt.Sprint("move ", i))
	}
	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	for _, d := range replicas {
		d.until("the secret is handed over", func() bool {
			all := d.status()
			return all["team-a"].Applied == head && all["team-b"].Applied == head
		})
	}
	calm := w.movedEntry().Current
	for _, d := range replicas {
		for _, source := range []string{"team-a", "team-b", "team-a", "team-b"} {
			last := d.status()[source].LastSync
			d.until("another comparison", func() bool { return d.status()[source].LastSync.After(last) })
		}
	}
	w.wantOwner("team-a", calm)
	if calm > 1+moves {
		t.Errorf("%d versions for %d moves", calm, moves)
	}
}
