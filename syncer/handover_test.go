// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// newTeams makes a world with two sources of one repository, team-a and team-b in this
// order, which may write the same workflow. team-b has two secrets in it, moved and
// stays, and team-a has one, own.
func newTeams(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, 1)
	former := w.cfg.Sources[0]
	former.Name, former.Files = "team-b", []string{"team-b/*.yaml"}
	next := former
	next.Name, next.Files = "team-a", []string{"team-a/*.yaml"}
	w.cfg.Sources = []config.Source{next, former}
	w.team("team-b/stays.yaml", "stays", "one")
	w.team("team-b/db.yaml", "moved", "one")
	w.team("team-a/own.yaml", "own", "one")
	w.commit()
	w.endsClean(Request{Apply: true})
	w.writes()
	return w
}

func (w *world) team(file, name, value string) {
	w.t.Helper()
	w.seal(file, fmt.Sprintf("workflows:\n  %s:\n    %s: %s\n", w.workflow(0), name, value))
}

// endsClean syncs, and checks that everything is as the commit wants it then.
func (w *world) endsClean(request Request) {
	w.t.Helper()
	for _, r := range w.askAll(request) {
		if r.Outcome() != report.Clean {
			w.t.Errorf("%s is not clean:\n%s", r.Source, w.text())
		}
	}
}

// move moves the secret from team-b to team-a in one commit, as the guide does.
func (w *world) move() {
	w.t.Helper()
	guide := relaytest.ReadGuide(w.t, "../templates/guides/hand-over.md.tmpl", w.workflow(0))
	w.run("sh", "-euc", guide.Example("From one source of relay-sync to another", "sh"))
}

// entry is the secret in Vault, as team-a sees it.
func (w *world) movedEntry() secrets.Entry {
	w.t.Helper()
	client, err := New(w.cfg, "test").connect(w.cfg.Sources[0], true)
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := client.Describe(w.t.Context(), w.address())
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) address() secrets.Address {
	return w.cfg.Vault.Root().In(w.workflow(0)).Secret("moved")
}

func (w *world) wantOwner(source string, version int) {
	w.t.Helper()
	e := w.movedEntry()
	owner, owned := e.Owner()
	if want := "gitops/" + w.cfg.Controller + "/" + source; !owned || string(owner) != want || e.Current != version {
		w.t.Errorf("version %d, owned by %q (%t), want version %d of %s", e.Current, owner, owned, version, want)
	}
	for n, v := range e.Versions {
		if !v.Deleted.IsZero() {
			w.t.Errorf("version %d was deleted at %s: there was a moment without a value", n, v.Deleted)
		}
	}
	w.wantRead(w.workflow(0), "moved", "one")
}

func TestSecretThatMovesBetweenSourcesIsNeverDeleted(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{"new source first": {"team-a", "team-b"}, "former source first": {"team-b", "team-a"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTeams(t)
			slices.SortFunc(w.cfg.Sources, func(a, b config.Source) int {
				return slices.Index(order, a.Name) - slices.Index(order, b.Name)
			})
			w.move()
			w.endsClean(Request{Apply: true})
			w.wantOwner("team-a", 2)
			if n := w.writes(); n != 1 {
				t.Errorf("%d values were sent", n)
			}
			w.endsClean(Request{Apply: true})
			w.run("git", "rm", "-q", "team-a/db.yaml")
			w.commit()
			w.endsClean(Request{Apply: true})
			if e := w.movedEntry(); e.Live() {
				t.Error("the new source did not delete what no source wants any more")
			}
		})
	}
}

func TestOneShotRunOfOneSourceReadsTheOthers(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	w.move()
	r := w.ask(Request{Apply: true, Sources: []string{"team-b"}})
	w.wantOwner("team-b", 1)
	if s := r.Summary(); s.PendingHandOver != 1 || r.Outcome() != report.Pending || !strings.Contains(w.text(), "source team-a wants it and takes it over") {
		t.Errorf("the former source reports:\n%s", w.text())
	}
	w.ask(Request{Sources: []string{"team-a"}})
	if !strings.Contains(w.text(), "hand-over") || !strings.Contains(w.text(), "from source team-b") {
		t.Errorf("the plan of the new source:\n%s", w.text())
	}
	w.endsClean(Request{Apply: true, Sources: []string{"team-a"}})
	w.wantOwner("team-a", 2)
	w.endsClean(Request{Apply: true})
}

// notGivenUp are the reasons for which a moved secret stays with its former source.
var notGivenUp = map[string]struct {
	change func(w *world)
	want   string // in the report
}{
	"both want it": {
		func(w *world) { w.team("team-a/db.yaml", "moved", "theirs") },
		"source team-b wants it, too; remove it from the files of that source, and it is handed over",
	},
	"the former source has a broken file": {
		func(w *world) {
			w.move()
			write(w.t, w.repo, "team-b/broken.yaml", "workflows: {")
		},
		"source team-b does not give it up: not deleted: something failed in this sync",
	},
	"the former source has no manifest left": {
		func(w *world) {
			w.move()
			w.run("git", "rm", "-q", "team-b/stays.yaml")
		},
		"the commit contains no manifest (deletes.allow_empty)",
	},
	"the former source waits for approval": {
		func(w *world) {
			w.move()
			w.cfg.Sources[1].Deletes.MaxPercent = new(0)
		},
		"source team-b does not give it up: the plan deletes 1 of 2 secrets, at most 0% are allowed (deletes.max_percent); to take it over now: relay-sync adopt",
	},
	"the former source is suspended": {
		func(w *world) {
			w.move()
			w.cfg.Sources[1].Suspend = true
		},
		"source team-b does not give it up: the source is suspended",
	},
	"the former source has another repository, which is missing": {
		func(w *world) {
			w.move()
			w.cfg.Sources[1].Repository = w.t.TempDir()
		},
		"source team-b does not give it up: ",
	},
	"the file of the new source is older": {
		func(w *world) {
			older := w.read("team-b/db.yaml")
			w.team("team-b/db.yaml", "moved", "one")
			w.commit()
			w.await()
			w.team("team-b/db.yaml", "moved", "one")
			w.commit()
			w.endsClean(Request{Apply: true, Sources: []string{"team-b"}})
			w.run("git", "rm", "-q", "team-b/db.yaml")
			write(w.t, w.repo, "team-a/db.yaml", older)
		},
		"rolls back: the file was encrypted at",
	},
}

// A source must not take the secrets of another one the moment that one is broken.
func TestSecretIsHandedOverOnlyIfTheFormerSourceWouldDeleteIt(t *testing.T) {
	t.Parallel()
	for name, row := range notGivenUp {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTeams(t)
			row.change(w)
			w.commit()
			before := w.movedEntry().Current
			w.askAll(Request{Apply: true})
			if !strings.Contains(w.text(), row.want) {
				t.Errorf("the report does not contain %q:\n%s", row.want, w.text())
			}
			w.wantOwner("team-b", before)
		})
	}
}

// await waits until sops writes another time into a file.
func (w *world) await() {
	w.t.Helper()
	<-time.After(1100 * time.Millisecond)
}

func TestUnreadableSourceMayWantEverything(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(w *world){
		"a broken file":        func(w *world) { write(w.t, w.repo, "team-a/broken.yaml", "workflows: {") },
		"a repository is gone": func(w *world) { w.cfg.Sources[0].Repository = w.t.TempDir() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTeams(t)
			w.run("git", "rm", "-q", "team-b/db.yaml")
			breaks(w)
			w.commit()
			w.ask(Request{Apply: true, Sources: []string{"team-b"}})
			if !strings.Contains(w.text(), "source team-a may want it: ") {
				t.Errorf("the report:\n%s", w.text())
			}
			w.wantOwner("team-b", 1)
		})
	}
}

func TestHandOverThatNeverHappensNeedsAnApproval(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	w.move()
	w.cfg.Sources[0].Suspend = true
	w.cfg.Sources[1].DriftInterval = 500 * time.Millisecond
	c := New(w.cfg, "test")
	request := Request{Apply: true, Sources: []string{"team-b"}}
	sync := func() report.Report {
		reports, err := c.Sync(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return reports[0]
	}
	if s := sync().Summary(); s.PendingHandOver != 1 {
		t.Fatalf("the first sync: %+v", s)
	}
	<-time.After(w.cfg.Sources[1].DriftInterval)
	r := sync()
	i := slices.IndexFunc(r.Results, func(r report.Result) bool { return r.Kind == plan.PendingApproval })
	if i < 0 || r.Results[i].Approved != plan.Delete || !strings.Contains(r.Results[i].Cause, "but has not done so for a drift interval") {
		t.Fatalf("after the drift interval: %+v", r.Results)
	}
	w.wantOwner("team-b", 1)
	request.Approve = r.PlanID
	if s := sync().Summary(); s.Delete != 1 {
		t.Errorf("after the approval: %+v", s)
	}
	if e := w.movedEntry(); e.Live() {
		t.Error("the approved deletion did not happen")
	}
}
