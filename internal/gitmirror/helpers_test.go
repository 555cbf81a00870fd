// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
)

// world is one repository behind a server, and the mirror's configuration for it.
type world struct {
	t    *testing.T
	repo *gittest.Repository
	cfg  gitmirror.Config
	web  *gittest.HTTPS // nil for SSH
	ssh  *gittest.SSH   // nil for HTTPS
}

func newWorld(t *testing.T, initArgs ...string) *world {
	t.Helper()
	root := t.TempDir()
	return &world{
		t: t, repo: gittest.NewRepository(t, root, "shop.git", initArgs...),
		cfg: gitmirror.Config{Ref: "refs/heads/main", Folder: filepath.Join(t.TempDir(), "mirrors", "shop")},
	}
}

func overHTTPS(t *testing.T, initArgs ...string) *world {
	t.Helper()
	w := newWorld(t, initArgs...)
	w.web = gittest.NewHTTPS(t, filepath.Dir(w.repo.Dir))
	w.remote(w.web.URL + "/shop.git")
	w.cfg.Access = gitmirror.Access{CACert: w.web.CACert}
	return w
}

func overSSH(t *testing.T, initArgs ...string) *world {
	t.Helper()
	w := newWorld(t, initArgs...)
	w.ssh = gittest.NewSSH(t)
	w.remote("ssh://git@" + w.ssh.Address + w.repo.Dir)
	w.cfg.Access = gitmirror.Access{SSHKey: w.ssh.Key, KnownHosts: w.ssh.KnownHosts}
	return w
}

func (w *world) remote(url string) {
	w.t.Helper()
	r, err := gitmirror.ParseRemote(url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cfg.Remote = r
}

// update updates and checks whether that fetched, and where the mirror is afterwards.
func (w *world) update(fetched bool, at string) {
	w.t.Helper()
	m := gitmirror.New(w.cfg)
	got, err := m.Update(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if got != fetched {
		w.t.Errorf("fetched: %v, want %v", got, fetched)
	}
	if now := w.at(); now != at {
		w.t.Errorf("the mirror is at %s, want %s", now, at)
	}
}

// at is the commit of the mirror's main branch, and reads all of its files.
func (w *world) at() string {
	w.t.Helper()
	r, err := gitsource.Open(w.t.Context(), gitmirror.New(w.cfg).Path())
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := r.Resolve(w.t.Context(), "main")
	if err != nil {
		w.t.Fatal(err)
	}
	files, err := r.Files(w.t.Context(), c, []string{"**"})
	if err != nil {
		w.t.Fatal(err)
	}
	err = r.Read(w.t.Context(), files, 64<<20, func(_ gitsource.File, _ []byte, err error) error { return err })
	if err != nil {
		w.t.Fatal(err)
	}
	return string(c)
}

// fails wants an update to fail with words that help, and to leave the mirror as it is.
func (w *world) fails(is error, parts ...string) error {
	w.t.Helper()
	_, err := gitmirror.New(w.cfg).Update(w.t.Context())
	wantError(w.t, err, is, parts...)
	return err
}

// contact is what shows how often the remote was contacted, and for what.
func (w *world) contact() int {
	if w.ssh != nil {
		return w.ssh.Sessions()
	}
	return len(w.web.Requests())
}

func (w *world) cutAfter(bytes int) {
	if w.ssh != nil {
		w.ssh.CutAfter(bytes)
	} else {
		w.web.CutAfter(bytes)
	}
}

func wantError(t *testing.T, err, is error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	if is != nil && !errorsIs(err, is) {
		t.Errorf("error %q is not %q", err, is)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not contain %q", err, part)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\t\x1b") {
		t.Errorf("error %q has control characters", err)
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// filesBelow lists the files of a folder.
func filesBelow(t *testing.T, folder string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
