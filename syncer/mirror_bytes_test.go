// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var flips = flag.Int("flips", 8, "how many bytes of a mirror TestDamagedByteOfAMirrorAppliesNothingWrong damages (make proof: 400)")

// TestDamagedByteOfAMirrorAppliesNothingWrong damages one byte of the mirror at a time: of a pack, an
// index, a ref, HEAD or the configuration. Then comes a sync with or without a new commit. It applies
// what the remote has or it fails; a sync after that has everything right again.
func TestDamagedByteOfAMirrorAppliesNothingWrong(t *testing.T) {
	t.Parallel()
	random := newRandom(t)
	w := newWorld(t, 1)
	w.overHTTPS(t)
	generation := 0
	next := func() {
		generation++
		w.values("a.yaml", fmt.Sprintf("one: %d", generation), fmt.Sprintf("two: %d", generation))
	}
	next()
	w.applied()
	refused, rebuilt := 0, 0
	for n := range *flips {
		files := filesOf(t, w.cfg.Mirrors)
		path := files[random.IntN(len(files))]
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		offset, bit := random.IntN(len(content)), byte(1)<<random.IntN(8)
		content[offset] ^= bit
		what := fmt.Sprintf("byte %d of %s, bit %#x", offset, filepath.Base(path), bit)
		if err := os.Chmod(path, 0o600); err != nil { // git makes packs read-only
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		before := generation
		if n%2 == 0 {
			next()
		}
		rep := w.sync(true)
		read, _ := w.vault.ReadAs(t, w.vault.RootToken, w.workflow(0), "one")
		if rep.Outcome() == report.Clean && read != strconv.Itoa(generation) || rep.Outcome() != report.Clean && read != strconv.Itoa(before) {
			t.Errorf("%s: %v, and reads %s of generation %d", what, rep.Outcome(), read, generation)
		}
		tries := 0
		for ; rep.Outcome() != report.Clean && tries < 3; tries++ {
			t.Logf("%s: %v", what, rep.Err)
			refused++
			rep = w.sync(true)
		}
		if rep.Outcome() != report.Clean || rep.Summary().Delete > 0 {
			t.Fatalf("%s: still not right:\n%s", what, w.text())
		}
		if tries > 0 {
			rebuilt++
		}
		w.wantRead(w.workflow(0), "one", strconv.Itoa(generation))
		w.wantRead(w.workflow(0), "two", strconv.Itoa(generation))
	}
	if version := w.version(w.workflow(0), "one"); version != generation {
		t.Errorf("%d versions of %d generations", version, generation)
	}
	t.Logf("%d bytes: %d syncs refused to read the mirror, %d times it was right after that", *flips, refused, rebuilt)
	t.Attr("tried", strconv.Itoa(*flips))
}

// filesOf lists the files below a folder that have a content.
func filesOf(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > 0 {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
