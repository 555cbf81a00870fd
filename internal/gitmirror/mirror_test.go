// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
)

func errorsIs(err, target error) bool { return errors.Is(err, target) }

// everywhere runs a test over each transport, with servers of protocol 2 and of protocol 0.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	kinds := map[string]func(t *testing.T) *world{
		"https": func(t *testing.T) *world { return overHTTPS(t) },
		"ssh":   func(t *testing.T) *world { return overSSH(t) },
		"https, old protocol": func(t *testing.T) *world {
			w := overHTTPS(t)
			w.web.OldProtocol = true
			return w
		},
		"ssh, old protocol": func(t *testing.T) *world {
			w := overSSH(t)
			w.ssh.OldProtocol = true
			return w
		},
		"https, sha256": func(t *testing.T) *world { return overHTTPS(t, "--object-format=sha256") },
	}
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

func TestUpdateFollowsTheRemote(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		first := w.repo.Commit("main", "a.yaml", "1")
		w.repo.Commit("main-2", "a.yaml", "another branch")
		w.update(true, first)
		w.update(false, first)
		second := w.repo.Commit("main", "a.yaml", "2")
		w.update(true, second)
		third := w.repo.Commit("main", "b.yaml", strings.Repeat("3\n", 100_000))
		w.update(true, third)

		w.repo.Git("update-ref", "refs/heads/main", first) // history is rewritten
		fork := w.repo.Commit("main", "a.yaml", "other 2")
		w.update(true, fork)

		w.repo.Git("update-ref", "-d", "refs/heads/main")
		w.fails(gitmirror.ErrRefNotFound, "not found in the remote: heads/main", "deleted or renamed")
		if w.at() != fork {
			t.Error("the mirror lost what a deleted branch had")
		}
		again := w.repo.Commit("main", "a.yaml", "made again")
		w.update(true, again)
	})
}

func TestUnchangedRemoteCostsOneListing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		head := w.repo.Commit("main", "a.yaml", "1")
		w.update(true, head)
		w.contact()
		before := filesBelow(t, w.cfg.Folder)
		w.update(false, head)
		want := 1 // a command over SSH
		if w.web != nil && !w.web.OldProtocol {
			want = 2 // protocol 2 over HTTPS: what the server can do, and the ref
		}
		if got := w.contact(); got != want {
			t.Errorf("the remote was asked %d times, want %d", got, want)
		}
		if after := filesBelow(t, w.cfg.Folder); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("the mirror's files changed:\n%q\n%q", before, after)
		}
	})
}

func TestUpdateFollowsATag(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.cfg.Ref = "refs/tags/v1"
		w.repo.Commit("main", "a.yaml", "1")
		w.repo.Git("tag", "-a", "-m", "one", "v1", "main")
		m := gitmirror.New(w.cfg)
		for _, want := range []bool{true, false} {
			if got, err := m.Update(t.Context()); err != nil || got != want {
				t.Fatalf("got %v, %v, want %v", got, err, want)
			}
		}
		w.repo.Commit("main", "a.yaml", "2")
		w.repo.Git("tag", "-f", "-a", "-m", "two", "v1", "main")
		if got, err := m.Update(t.Context()); err != nil || !got {
			t.Fatalf("a moved tag was not followed: %v, %v", got, err)
		}
	})
}

// random is text that does not compress.
func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

func TestFetchAfterLostConnectionSucceeds(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		first := w.repo.Commit("main", "a.yaml", "1")
		w.update(true, first)
		second := w.repo.Commit("main", "b.yaml", random(300_000))
		for _, bytes := range []int{1, 30, 5000, 200_000} {
			w.cutAfter(bytes)
			w.fails(gitmirror.ErrUnreachable)
			if w.at() != first {
				t.Fatalf("cut after %d bytes: the mirror is at %s", bytes, w.at())
			}
		}
		w.cutAfter(0)
		w.update(true, second)
		for _, path := range filesBelow(t, w.cfg.Folder) {
			if strings.Contains(path, "tmp_") || strings.HasSuffix(path, ".lock") {
				t.Errorf("leftover: %s", path)
			}
		}
	})
}

func TestLeftoversOfAKilledGitAreDeleted(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	w.update(true, w.repo.Commit("main", "a.yaml", "1"))
	repo := gitmirror.New(w.cfg).Path()
	for _, name := range []string{"refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "shallow.lock", "gc.pid", "objects/pack/tmp_pack_x", "relay-fetching"} {
		if err := os.WriteFile(filepath.Join(repo, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.update(true, w.repo.Commit("main", "a.yaml", "2"))
	for _, path := range filesBelow(t, repo) {
		if strings.HasSuffix(path, ".lock") || strings.Contains(path, "tmp_") || strings.Contains(path, "relay-fetching") {
			t.Errorf("leftover: %s", path)
		}
	}
}

func TestDamagedMirrorIsRebuilt(t *testing.T) {
	t.Parallel()
	damages := map[string]func(t *testing.T, w *world, repo string){
		"its objects are gone": func(t *testing.T, _ *world, repo string) {
			if err := errors.Join(os.RemoveAll(filepath.Join(repo, "objects", "pack")), os.WriteFile(filepath.Join(repo, "relay-fetching"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"its configuration is garbage": func(t *testing.T, _ *world, repo string) {
			if err := os.WriteFile(filepath.Join(repo, "config"), []byte("[core\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a folder is where the ref should be": func(t *testing.T, _ *world, repo string) {
			if err := errors.Join(os.Remove(filepath.Join(repo, "refs", "heads", "main")), os.MkdirAll(filepath.Join(repo, "refs", "heads", "main", "x"), 0o700),
				os.WriteFile(filepath.Join(repo, "refs", "heads", "main", "x", "y"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"it is of another remote": func(t *testing.T, _ *world, repo string) {
			if err := os.WriteFile(filepath.Join(repo, "relay-origin"), []byte("https://elsewhere/x"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"it is larger than allowed": func(_ *testing.T, w *world, _ string) { w.cfg.MaxBytes = 20_000 },
		"it was thrown away": func(t *testing.T, w *world, _ string) {
			if err := gitmirror.New(w.cfg).Discard(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := overHTTPS(t)
			if strings.Contains(name, "larger") {
				w.repo.Commit("main", "big.yaml", random(30_000))
				w.update(true, w.repo.Git("rev-parse", "main"))
				w.repo.Git("update-ref", "-d", "refs/heads/main")
				w.repo.Commit("main", "small.yaml", "1")
			} else {
				w.update(true, w.repo.Commit("main", "a.yaml", "1"))
			}
			damage(t, w, gitmirror.New(w.cfg).Path())
			w.update(true, w.repo.Commit("main", "a.yaml", "2"))
		})
	}
}

func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.repo.Commit("main", "big.yaml", random(3<<20))
		w.cfg.MaxBytes = 4 << 20 // half of it for a copy
		w.fails(gitmirror.ErrTooLarge, "more than 2 MiB")
	})
}

// TestPackBombNeedsLittleMemory has a commit whose message is larger than git may load, in
// a pack of some 20 KiB.
func TestPackBombNeedsLittleMemory(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	first := w.repo.Commit("main", "a.yaml", "1")
	w.cfg.Memory = 16 << 20
	w.update(true, first)
	message := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(message, []byte(strings.Repeat("a", 20<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	bomb := w.repo.Git("commit-tree", "-p", "main", "-F", message, "main^{tree}")
	w.repo.Git("update-ref", "refs/heads/main", bomb)
	before := w.contact()
	w.fails(gitmirror.ErrTooLarge, "attempting to allocate", "Hint: remove large files from the history of the repository, or set a higher limits.git_mib")
	if w.at() != first {
		t.Error("the mirror moved")
	}
	if once := w.contact() - before; once > 5 {
		t.Errorf("%d requests: the mirror was fetched a second time", once)
	}
	w.cfg.Memory = 64 << 20
	if fetched, err := gitmirror.New(w.cfg).Update(t.Context()); err != nil || !fetched {
		t.Errorf("with more memory: fetched %v, %v", fetched, err)
	}
	w.repo.Git("update-ref", "refs/heads/main", first)
	w.cfg.Memory = 16 << 20
	w.update(true, first)
}

func TestManyRefsAreListed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		head := w.repo.Commit("main", "a.yaml", "1")
		var refs strings.Builder
		refs.WriteString("# pack-refs with: sorted\n")
		for i := range 50_000 {
			fmt.Fprintf(&refs, "%s refs/heads/main-%s-%06d\n", head, strings.Repeat("x", 100), i)
		}
		if err := os.WriteFile(filepath.Join(w.repo.Dir, "packed-refs"), []byte(refs.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		w.update(true, head)
		w.update(false, head)
	})
}

func TestConcurrentUpdatesSucceed(t *testing.T) {
	t.Parallel()
	w := overSSH(t)
	head := w.repo.Commit("main", "a.yaml", "1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := gitmirror.New(w.cfg).Update(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.update(false, head)
}

func TestFolderWithWritePermissionForOthersIsRejected(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	w.repo.Commit("main", "a.yaml", "1")
	if err := errors.Join(os.MkdirAll(w.cfg.Folder, 0o700), os.Chmod(w.cfg.Folder, 0o777)); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	w.fails(nil, "without write permission for others")
	w.cfg.Folder = filepath.Join("/dev/null", "mirror")
	err := w.fails(nil, "set mirrors to a folder")
	if errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
