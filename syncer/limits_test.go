// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// moveObject takes the content of a committed file out of the repository.
func (w *world) moveObject(file string) (back func()) {
	w.t.Helper()
	path := w.object("main:" + file)
	aside := filepath.Join(w.t.TempDir(), "object")
	if err := os.Rename(path, aside); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := os.Rename(aside, path); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestCommitBeyondALimitIsRefusedBeforeDecryption: the key is wrong, too, which only a
// decryption would find, and no file is read a second time.
func TestCommitBeyondALimitIsRefusedBeforeDecryption(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for _, name := range []string{"a", "b", "c"} {
		w.seal(name+".yaml", fmt.Sprintf("workflows:\n  %s:\n    %s1: one\n    %s2: two\n", w.workflow(0), name, name))
	}
	w.commit()
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Sources[0].AgeKeys = []string{write(t, t.TempDir(), "other.key", other.String())}
	for _, row := range []struct {
		limits config.Limits
		want   string
	}{
		{config.Limits{Files: 2}, "of main: too large: 3 manifests, at most 2 are allowed (limits.files). Hint: "},
		{config.Limits{Secrets: 5}, "of main: too large: at least 6 secrets and fields of connections, at most 5 are allowed (limits.secrets). Hint: "},
	} {
		full := config.DefaultLimits()
		if row.limits.Files > 0 {
			full.Files = row.limits.Files
		} else {
			full.Secrets = row.limits.Secrets
		}
		w.cfg.Sources[0].Limits = full
		c := New(w.cfg, "test")
		if r := once(t, c, Request{Apply: true}); r.Err == nil || !strings.Contains(r.Err.Error(), row.want) || len(r.Results) > 0 || retryable(r) {
			t.Errorf("retryable %v: %v, want %q", retryable(r), r.Err, row.want)
		}
		back := w.moveObject("a.yaml")
		if r := once(t, c, Request{Apply: true}); r.Err == nil || !strings.Contains(r.Err.Error(), row.want) {
			t.Errorf("the second sync: %v, want %q", r.Err, row.want)
		}
		back()
		verified, err := c.Verify(t.Context(), nil)
		if err != nil || len(verified) != 1 || verified[0].Err == nil || !strings.Contains(verified[0].Err.Error(), row.want) {
			t.Errorf("verify: %v, %+v", err, verified)
		}
	}
	if sent := w.proxy.Requests(); len(sent) != 0 {
		t.Errorf("requests to Vault: %v", sent)
	}
}

// TestFailedFileIsNotReadAgain: its content is taken out of the repository.
func TestFailedFileIsNotReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: one\n", w.workflow(0)))
	write(t, w.repo, "bad.yaml", strings.Replace(w.read("a.yaml"), "    token: ", "    moved: ", 1))
	w.commit()
	c := New(w.cfg, "test")
	want := "bad.yaml: line 3: workflows." + w.workflow(0) + ".moved cannot be decrypted"
	for _, step := range []string{"the first sync", "a sync that does not read the file"} {
		if r := once(t, c, Request{Apply: true}); len(r.Failures) != 1 || !strings.HasPrefix(r.Failures[0].Err.Error(), want) {
			t.Errorf("%s: %+v, want %q", step, r.Failures, want)
		}
		if step == "the first sync" {
			w.moveObject("bad.yaml")
		}
	}
	w.run("git", "rm", "-q", "bad.yaml")
	w.commit()
	if r := once(t, c, Request{Apply: true}); r.Outcome() != report.Clean {
		t.Errorf("without the file: %+v", r.Failures)
	}
}

// TestOtherKeysForgetFailures: a failure for want of a key is remembered as long as the
// keys stay.
func TestOtherKeysForgetFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: one\n", w.workflow(0)))
	w.commit()
	keyFile := w.cfg.Sources[0].AgeKeys[0]
	right := w.readFile(keyFile)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(other.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c := New(w.cfg, "test")
	back := func() {}
	for _, step := range []string{"the first sync", "a sync that does not read the file"} {
		if r := once(t, c, Request{Apply: true}); len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Err.Error(), "no available key decrypts") {
			t.Errorf("%s: %+v", step, r.Failures)
		}
		if step == "the first sync" {
			back = w.moveObject("a.yaml")
		}
	}
	back()
	if err := os.WriteFile(keyFile, []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := once(t, c, Request{Apply: true}); r.Outcome() != report.Clean {
		t.Errorf("with the right key: %+v", r.Failures)
	}
}

func TestLastingFailures(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err  error
		want bool
	}{
		"a problem of the content": {&sopsfile.Problems{}, true},
		"a time in the future":     {&sopsfile.Problems{MayPass: true}, false},
		"no available key":         {fmt.Errorf("of a copy: %w", &sopsfile.NoKeyError{}), true},
		"a key service":            {&sopsfile.NoKeyError{Causes: []error{&keyring.Error{Class: keyring.ErrUnavailable}}}, false},
		"permission denied":        {&sopsfile.NoKeyError{Causes: []error{&keyring.Error{Class: keyring.ErrRejected}}}, false},
		"an invalid value":         {fmt.Errorf("%w: too large", secrets.ErrInvalid), true},
		"git":                      {errors.New("the repository is damaged"), false},
	} {
		if got := lasting(row.err); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestVerifyRefusesTooManyFilesOnDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.cfg.Sources[0].Limits = config.Limits{Files: 3, Secrets: 5}
	file := func(source string, leaves int) []report.Verified {
		return []report.Verified{{Source: source, Leaves: make([]sopsfile.Leaf, leaves)}}
	}
	add := func(t *Tally, source string, leaves, times int) (err error) {
		for range times {
			err = errors.Join(err, t.Add(file(source, leaves)))
		}
		return err
	}
	for _, row := range []struct {
		source        string
		leaves, times int
		want          string
	}{
		{"shop", 1, 3, ""},
		{"shop", 0, 4, "verify the files of source shop: too large: 4 manifests, at most 3 are allowed (limits.files)"},
		{"shop", 3, 2, "verify the files of source shop: too large: at least 6 secrets"},
		{"", 3, 2, ""},
		{"", 0, 2001, "verify the files: too large: 2001 manifests, at most 2000 are allowed"},
	} {
		err := add(NewTally(New(w.cfg, "test")), row.source, row.leaves, row.times)
		if (err != nil) != (row.want != "") || err != nil && !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%d files of %q: %v, want %q", row.times, row.source, err, row.want)
		}
	}
	if err := add(NewTally(nil), "", 1, 2000); err != nil {
		t.Errorf("without a configuration: %v", err)
	}
}
