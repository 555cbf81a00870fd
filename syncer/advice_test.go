// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// advice is a message of relay-sync and what the guide advises.
type advice struct {
	// message is the first text that the row of the guide quotes.
	message string
	// begin brings the message about, and returns what to do by the advice; nil for
	// nothing.
	begin func(w *world) (follow func())
	// test is a test elsewhere that brings the message about and follows the advice.
	test string
}

// allAdvice has every row of the tables of the guide.
var allAdvice = slices.Concat(deletionAdvice, ownerAdvice, vaultAdvice, fileAdvice, remoteAdvice, limitAdvice)

var quotedText = regexp.MustCompile("`([^`]+)`")

// adviceOfTheGuide are the first quoted texts of all rows.
func adviceOfTheGuide(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, part := range []string{"## Deletions and approvals\n", "## Messages\n"} {
		_, section, _ := strings.Cut(string(page), part)
		section, _, _ = strings.Cut(section, "\n## ")
		for line := range strings.SplitSeq(section, "\n") {
			cell, _, row := strings.Cut(line, " | ")
			if text := quotedText.FindStringSubmatch(cell); row && text != nil {
				out = append(out, text[1])
			}
		}
	}
	return out
}

// TestAdviceOfTheGuideLeadsToACleanState goes through every row of the guide: the message
// appears, the advice is followed, and the next syncs have nothing left to do.
func TestAdviceOfTheGuideLeadsToACleanState(t *testing.T) {
	t.Parallel()
	rows := adviceOfTheGuide(t)
	tests := testSources(t)
	for _, message := range rows {
		if !slices.ContainsFunc(allAdvice, func(a advice) bool { return a.message == message }) {
			t.Errorf("the guide has advice for %q, and no test follows it", message)
		}
	}
	for _, a := range allAdvice {
		t.Run(strings.ReplaceAll(a.message, "/", " "), func(t *testing.T) {
			t.Parallel()
			switch {
			case !slices.Contains(rows, a.message):
				t.Errorf("the guide has no advice for %q", a.message)
			case a.test != "" && !strings.Contains(tests, "func "+a.test+"("):
				t.Errorf("the test %s is not found", a.test)
			case a.test == "":
				a.follow(t)
			}
		})
	}
}

// pieces are the parts of the message that do not depend on its cause.
func (a advice) pieces() []string {
	out := regexp.MustCompile(`\.\.\.|%[a-z]|\b[A-Z]+\b|\b\d+\b`).Split(a.message, -1)
	for i := range out {
		out[i] = strings.Trim(out[i], " :(),")
	}
	return out
}

func (a advice) follow(t *testing.T) {
	t.Helper()
	w := newWorld(t, 2)
	follow := a.begin(w)
	w.askAll(Request{})
	text := w.text()
	w.askAll(Request{Apply: true})
	text += w.text()
	for _, words := range a.pieces() {
		if !strings.Contains(text, words) {
			t.Errorf("no %q in:\n%s", words, text)
		}
	}
	if follow != nil {
		follow()
	}
	w.endsInSync()
}

// endsInSync syncs until nothing is left to do: a repair may need to wait for settle.
func (w *world) endsInSync() {
	w.t.Helper()
	if !await.Until(20*time.Second, func() bool {
		return !slices.ContainsFunc(w.askAll(Request{Apply: true}), func(r report.Report) bool {
			s := r.Summary()
			return r.Outcome() != report.Clean || s.Written()+s.UpdateRecord+s.Delete+s.Release > 0
		})
	}) {
		w.t.Errorf("the advice does not help:\n%s", w.text())
	}
}

// two applies two files with a secret each, one and two.
func (w *world) two() {
	w.t.Helper()
	w.secretsIn("one.yaml", w.workflow(0), "one")
	w.secretsIn("two.yaml", w.workflow(0), "two")
	w.applied()
}

func (w *world) approve() { w.approved() }

// remove commits that a file is gone.
func (w *world) remove(file string) {
	w.t.Helper()
	w.secretsIn(file, w.workflow(0))
	w.commit()
}

var deletionAdvice = []advice{
	{message: "something failed in this sync", begin: func(w *world) func() {
		w.two()
		good := w.read("one.yaml")
		write(w.t, w.repo, "one.yaml", strings.Replace(good, "one: ENC", "one: ENX", 1))
		w.remove("two.yaml")
		return func() {
			write(w.t, w.repo, "one.yaml", good)
			w.commit()
		}
	}},
	{message: "the secret came from commit ..., which this commit does not descend from", begin: func(w *world) func() {
		w.two()
		w.remove("two.yaml")
		w.squash()
		return w.approve
	}},
	{message: "it is unknown whether this commit descends from", begin: func(w *world) func() {
		w.two()
		right, one := w.repo, w.read("one.yaml")
		w.repo = w.t.TempDir()
		w.cfg.Sources[0].Repository = w.repo
		w.run("git", "init", "-q", "-b", "main", w.repo)
		write(w.t, w.repo, "one.yaml", one)
		w.commit()
		return func() { w.repo, w.cfg.Sources[0].Repository = right, right }
	}},
	{message: "the plan deletes N secrets, at most M are allowed", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Deletes.Max = new(int)
		w.remove("two.yaml")
		return w.approve
	}},
	{message: "no secret of this workflow would be left", begin: func(w *world) func() {
		w.two()
		w.secretsIn("other.yaml", w.workflow(1), "other")
		w.applied()
		w.remove("other.yaml")
		return func() { w.cfg.Sources[0].Deletes.AllowEmpty = true }
	}},
	{message: "this commit does not descend from", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].History = plan.RefuseHistory
		w.squash()
		return w.approve
	}},
	{message: "rolls back: the file was encrypted at ...", begin: func(w *world) func() {
		w.two()
		old, sealed := w.read("one.yaml"), time.Now().Unix()
		await.Until(2*time.Second, func() bool { return time.Now().Unix() > sealed+1 }) // sops has seconds
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.applied()
		write(w.t, w.repo, "one.yaml", old)
		w.commit()
		return w.approve
	}},
}

// teams applies two sources that may write one workflow: see newTeams.
func (w *world) teams() {
	w.t.Helper()
	former := w.cfg.Sources[0]
	former.Name, former.Files = "team-b", []string{"team-b/*.yaml"}
	next := former
	next.Name, next.Files = "team-a", []string{"team-a/*.yaml"}
	w.cfg.Sources = append(w.cfg.Sources[:0], next, former)
	w.team("team-b/stays.yaml", "stays", "one")
	w.team("team-b/db.yaml", "moved", "one")
	w.team("team-a/own.yaml", "own", "one")
	w.commit()
	w.endsClean(Request{Apply: true})
}

func (w *world) adopt(name string) func() {
	return func() {
		w.askAll(Request{Apply: true, Adopt: []string{w.workflow(0) + "/" + name}, Reason: "test"})
	}
}

var ownerAdvice = []advice{
	{message: "owned by OWNER", begin: func(w *world) func() {
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.applied()
		w.cfg.Controller += "-new"
		return w.adopt("one")
	}},
	{message: "source ... wants it, too", begin: func(w *world) func() {
		w.teams()
		w.run("cp", "team-b/db.yaml", "team-a/db.yaml")
		w.commit()
		return func() {
			w.run("git", "rm", "-q", "team-b/db.yaml")
			w.commit()
		}
	}},
	{message: "source ... does not give it up", begin: func(w *world) func() {
		w.teams()
		w.cfg.Sources[1].Deletes.Max = new(int)
		w.run("git", "mv", "team-b/db.yaml", "team-a/db.yaml")
		w.commit()
		return w.adopt("moved")
	}},
	{message: "source ... wants it and takes it over", begin: func(w *world) func() {
		w.teams()
		w.run("git", "mv", "team-b/db.yaml", "team-a/db.yaml")
		w.commit()
		return nil
	}},
	{message: "source ... may want it", begin: func(w *world) func() {
		w.teams()
		w.run("git", "rm", "-q", "team-b/db.yaml")
		write(w.t, w.repo, "team-a/broken.yaml", "workflows: {")
		w.commit()
		return func() {
			w.run("git", "rm", "-q", "team-a/broken.yaml")
			w.commit()
		}
	}},
	{message: "but has not done so for a drift interval", test: "TestHandOverThatNeverHappensNeedsAnApproval"},
	{message: "unmanaged", begin: func(w *world) func() {
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.commit()
		w.vault.Write(w.t, w.workflow(0), "one", "foreign")
		return func() { w.askAll(Request{Apply: true, Unmanaged: true, Reason: "test"}) }
	}},
	{message: "record not authentic", begin: func(w *world) func() {
		w.cfg.FingerprintKeyFile = write(w.t, w.t.TempDir(), "fingerprint", strings.Repeat("k", 44))
		w.two()
		w.vault.ForgeRecords(w.t, w.workflow(0), "one", w.vault.Write(w.t, w.workflow(0), "one", "foreign"))
		return w.adopt("one")
	}},
	{message: "being tidied", begin: func(w *world) func() {
		w.two()
		w.vault.SoftDelete(w.t, w.workflow(0), "one")
		mark := func(age time.Duration) {
			at := time.Now().Add(-age).UTC().Format(time.RFC3339Nano)
			w.vault.PatchCustomMetadata(w.t, w.workflow(0), "one", map[string]any{"relay.tidy": "version=1 time=" + at})
		}
		mark(0)
		return func() { mark(time.Hour) } // the time passes
	}},
	{message: "overwritten: version 4 at ..., last written 3", begin: func(w *world) func() {
		w.two()
		for range 3 {
			w.vault.Write(w.t, w.workflow(0), "one", "foreign")
		}
		return nil
	}},
}
