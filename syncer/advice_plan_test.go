// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// planAdvice follows the sentences in the causes of a plan.
var planAdvice = []advice{
	{message: "take it over first", begin: adviceAbout("owned by OWNER")},
	{message: "wants it, too; remove it from the files of that source", begin: adviceAbout("source ... wants it, too")},
	{message: "; to take it over: ", begin: adviceAbout("unmanaged")},
	{message: "; to write the value again: ", begin: adviceAbout("record not authentic")},
	{message: "; to take it over now: ", begin: adviceAbout("source ... does not give it up")},
	{message: "; to repair it: ", begin: func(w *world) func() {
		w.cfg.Sources[0].Drift = plan.ReportOnly
		w.two()
		w.vault.Write(w.t, w.workflow(0), "two", "foreign")
		return w.adopt("two")
	}},
	{message: "not deleted: %s; to sign the record after a check: ", begin: func(w *world) func() {
		w.cfg.FingerprintKeyFile = write(w.t, w.t.TempDir(), "fingerprint", strings.Repeat("k", 44))
		w.two()
		w.vault.ForgeRecords(w.t, w.workflow(0), "two", w.vault.Write(w.t, w.workflow(0), "two", "foreign"))
		w.remove("two.yaml")
		return func() {
			c := New(w.cfg, "test")
			records, err := c.UnsignedRecords(w.t.Context(), []string{w.workflow(0) + "/two"}, nil)
			if err != nil {
				w.t.Fatal(err)
			}
			c.SignRecords(w.t.Context(), records, "test")
		}
	}},
	{message: "; put the secret into a file again, or approve its deletion", begin: func(w *world) func() {
		w.two()
		two := w.read("two.yaml")
		w.remove("two.yaml")
		w.squash()
		return func() {
			write(w.t, w.repo, "two.yaml", two)
			w.commit()
		}
	}},
	{message: "; put the secret into a file again, or approve its release", begin: func(w *world) func() {
		w.two()
		w.vault.Write(w.t, w.workflow(0), "two", "foreign")
		w.remove("two.yaml")
		w.squash()
		return w.approve
	}},
	{message: "; put it into a file again, or approve its deletion", begin: func(w *world) func() {
		w.two()
		w.secretsIn("two.yaml", w.workflow(0))
		w.applied()
		if _, err := New(w.cfg, "test").Undelete(w.t.Context(), []string{w.workflow(0) + "/two"}, nil, "test"); err != nil {
			w.t.Fatal(err)
		}
		return w.approve
	}},
	{message: "the commit contains no manifest (deletes.allow_empty)", begin: func(w *world) func() {
		w.two()
		w.run("git", "rm", "-q", "-r", ".")
		w.commit()
		return func() { w.cfg.Sources[0].Deletes.AllowEmpty = true }
	}},
	{message: "no secret of this workflow would be left (deletes.allow_empty)", begin: adviceAbout("no secret of this workflow would be left")},
	{message: "(deletes.max)", begin: adviceAbout("the plan deletes N secrets, at most M are allowed")},
	{message: "(deletes.max_percent)", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Deletes.MaxPercent = new(int)
		w.remove("two.yaml")
		return w.approve
	}},
	{message: "Fetch the whole history (git fetch --unshallow)", begin: func(w *world) func() {
		w.two()
		w.secretsIn("two.yaml", w.workflow(0))
		w.run("git", "commit", "-q", "--allow-empty", "-m", "more")
		w.commit()
		shallow := filepath.Join(w.t.TempDir(), "shallow")
		w.run("git", "clone", "-q", "--depth", "1", "file://"+w.repo, shallow)
		w.cfg.Sources[0].Repository, w.repo = shallow, shallow
		return func() { w.run("git", "fetch", "-q", "--unshallow") }
	}},
}

// adviceAbout is what a row of the guide does.
func adviceAbout(message string) func(w *world) func() {
	return func(w *world) func() {
		i := slices.IndexFunc(allAdvice, func(a advice) bool { return a.message == message })
		return allAdvice[i].begin(w)
	}
}
