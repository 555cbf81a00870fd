// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxMemory is what the daemon may need beside a hostile source, in MB: half of what the
// examples give the container.
const maxMemory = 256

// hostileSource is what one commit of a source can do to the others.
type hostileSource struct {
	name string
	// commit writes the commit, into the repository of the world.
	commit func(h *world)
	// want is in the problems of the source.
	want string
}

var hostileSources = []hostileSource{
	{"one blob of 1,000 secrets at 1,500 paths", sameBlob(1500), "182 MiB of manifests, at most 32 are allowed (limits.mib)"},
	{"one blob of 1,000 secrets at 200 paths", sameBlob(200), "at least 200000 secrets and fields of connections, at most 20000 are allowed (limits.secrets)"},
	{"one blob of 1,000 secrets at 20 paths", sameBlob(20), "is claimed more than once: 0000.yaml:3, 0001.yaml:3, 0002.yaml:3, 0003.yaml:3, 0004.yaml:3, and more; keep one"},
	{"90,000 files", manyPaths(90_000), "90000 manifests, at most 2000 are allowed (limits.files)"},
	{"a tree that is 10,000,000,000 files", treeBomb("x"), "too large: more than 100000 files"},
	{"a tree that is as many folders and no file", treeBomb(""), "too large: more than 100000 files"},
	{"1,000,000 recipients in 30 files", manyFiles(30, func(i int) string {
		return fmt.Sprintf("# %d\nworkflows: {a: {b: \"ENC[\"}}\nsops: {age: [%s{}]}\n", i, strings.Repeat("{},", 340_000))
	}), "has more than 50000 of the characters that can begin a line"},
	{"100 files with 20,000 elements", manyFiles(100, func(i int) string {
		return fmt.Sprintf("# %d\nworkflows: {a: {b: \"ENC[\"}}\nsops: {age: [%s{}]}\n", i, strings.Repeat("{},", 20_000))
	}), "has 20001 recipients; at most 64 are allowed"},
	{"2,000 files with long names of wrong keys", manyFiles(2000, func(i int) string {
		name := strings.Repeat("\\x01", 60)
		text := fmt.Sprintf("# %d ENC[\nworkflows:\n", i)
		for n := range 30 { // more than are listed
			text += fmt.Sprintf("  \"%s%d\": []\n", name, n)
		}
		return text
	}), "00000.yaml: 61 problems:"},
}

// TestHostileSourceStopsNoOther runs the real daemon with two sources: whatever the one
// commits, the process stays within the memory of the examples, and the other source keeps
// its times.
func TestHostileSourceStopsNoOther(t *testing.T) {
	t.Parallel()
	for _, row := range hostileSources {
		t.Run(row.name, func(t *testing.T) {
			honest, hostile := newWorld(t, 1), newWorld(t, 1)
			row.commit(hostile)
			seal := func(value string) string {
				honest.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: %s\n", honest.workflow(0), value))
				honest.commit()
				return strings.TrimSpace(honest.run("git", "rev-parse", "main"))
			}
			first := seal("one")
			p := startProgram(t, twoSources(honest, hostile))
			applied := func(commit string) func(report.Status) bool {
				return func(s report.Status) bool { return s.Applied == commit }
			}
			begin := p.until(t, 30*time.Second, "honest", applied(first))
			reached := p.until(t, 2*time.Minute, "hostile", func(s report.Status) bool { return !s.LastSync.IsZero() })
			problems := strings.Join(p.statusOf(t, "hostile").Problems, "\n")
			if !strings.Contains(problems, row.want) {
				t.Errorf("the problems of the source do not contain %q: %.2000s", row.want, problems)
			}
			hostile.commitTree(strings.TrimSpace(hostile.run("git", "rev-parse", "main^{tree}"))) // the same content again
			second := seal("two")
			again := p.until(t, 30*time.Second, "honest", applied(second))
			honest.wantRead(honest.workflow(0), "token", "two")
			peak := p.memory(t, "VmHWM")
			p.stop(t)
			t.Logf("peak %.0f MB; the honest source was applied after %s and %s, the hostile one was refused after %s; %d bytes of log", peak, begin, again, reached, p.log.Len())
			if peak > maxMemory {
				t.Errorf("the process took %.0f MB, want at most %d", peak, maxMemory)
			}
			if p.log.Len() > 256<<10 {
				t.Errorf("%d bytes of log", p.log.Len())
			}
		})
	}
}

// twoSources is the configuration of a daemon that follows the sources of two worlds.
func twoSources(honest, hostile *world) string {
	text := fmt.Sprintf("controller: %s\nvault: {address: %q, token_file: %q}\nsources:\n", honest.cfg.Controller, honest.vault.Address, honest.cfg.Vault.TokenFile)
	for name, s := range map[string]config.Source{"honest": honest.cfg.Sources[0], "hostile": hostile.cfg.Sources[0]} {
		text += fmt.Sprintf("- {name: %s, repository: %q, files: [\"**/*.yaml\"], workflows: [%q], age_keys: [%q], drift_interval: 5s}\n",
			name, s.Repository, s.Workflows[0], s.AgeKeys[0])
	}
	return text
}

// sameBlob commits one manifest at many paths.
func sameBlob(paths int) func(h *world) {
	return func(h *world) {
		h.t.Helper()
		var plain strings.Builder
		fmt.Fprintf(&plain, "workflows:\n  %s:\n", h.workflow(0))
		for i := range 1000 {
			fmt.Fprintf(&plain, "    s%03d: v\n", i)
		}
		h.seal("a.yaml", plain.String())
		h.commitAt(paths, h.run("git", "hash-object", "-w", "a.yaml"))
	}
}

// manyPaths commits a small file at many paths.
func manyPaths(paths int) func(h *world) {
	return func(h *world) { h.commitAt(paths, h.feed("x", "git", "hash-object", "-w", "--stdin")) }
}

// commitAt commits a blob at many paths.
func (w *world) commitAt(paths int, blob string) {
	w.t.Helper()
	var tree strings.Builder
	for i := range paths {
		fmt.Fprintf(&tree, "100644 blob %s\t%04d.yaml\n", strings.TrimSpace(blob), i)
	}
	w.commitTree(w.feed(tree.String(), "git", "mktree"))
}

// manyFiles commits files with these contents.
func manyFiles(count int, content func(i int) string) func(h *world) {
	return func(h *world) {
		h.t.Helper()
		var in strings.Builder
		in.WriteString("commit refs/heads/main\ncommitter ada <ada@example.com> 1700000000 +0000\ndata 0\n")
		for i := range count {
			text := content(i)
			fmt.Fprintf(&in, "M 100644 inline %05d.yaml\ndata %d\n%s\n", i, len(text), text)
		}
		h.feed(in.String(), "git", "fast-import", "--quiet")
	}
}

// treeBomb commits a tree of ten trees, and so on, ten levels deep. file is the content of
// the files at the end; empty for none.
func treeBomb(file string) func(h *world) {
	return func(h *world) {
		h.t.Helper()
		below, kind := h.feed("", "git", "mktree"), "040000 tree"
		if file != "" {
			below, kind = h.feed(file, "git", "hash-object", "-w", "--stdin"), "100644 blob"
		}
		for range 10 {
			var tree strings.Builder
			for i := range 10 {
				fmt.Fprintf(&tree, "%s %s\t%d.yaml\n", kind, below, i)
			}
			below, kind = h.feed(tree.String(), "git", "mktree"), "040000 tree"
		}
		h.commitTree(below)
	}
}

// feed runs a command with an input, and returns its output.
func (w *world) feed(input, name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = w.repo, strings.NewReader(input)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.repo}
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s %v: %v", name, args, err)
	}
	return strings.TrimSpace(string(out))
}

// commitTree makes a commit of a tree that is not in the work tree.
func (w *world) commitTree(tree string) {
	w.t.Helper()
	commit := strings.TrimSpace(w.run("git", "commit-tree", "-m", "change", tree))
	w.run("git", "update-ref", "refs/heads/main", commit)
}
