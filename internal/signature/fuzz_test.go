// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzObjects: an object is refused with a cause and a printable error, or its signed content is that
// of an object that a signer signed.
func FuzzObjects(f *testing.F) {
	v, err := Load(Keys{SSHAllowedSigners: "testdata/allowed_signers", OpenPGP: []string{"testdata/ada.asc"}})
	if err != nil {
		f.Fatal(err)
	}
	var seeds []fuzztest.Seed
	signedContent := map[string]bool{}
	for _, pattern := range []string{"testdata/*.commit", "testdata/*.tag"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%s: %q %v", pattern, paths, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			seeds = append(seeds, fuzztest.Seed{data})
			signedContent[string(splitTag(data).payload)] = true
			for _, header := range []string{header1, header256} {
				if s, err := splitCommit(data, header); err == nil {
					signedContent[string(s.payload)] = true
				}
			}
		}
	}
	fuzztest.Add(f, seeds...)
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, sha256 := range []bool{false, true} {
			signer, err := v.Commit(data, sha256, now)
			assertVerdict(t, signer, err)
			if err != nil {
				continue
			}
			s, err := splitCommit(data, map[bool]string{false: header1, true: header256}[sha256])
			if err != nil || !signedContent[string(s.payload)] {
				t.Errorf("a commit that no signer signed is accepted as that of %s: %q", signer, data)
			}
		}
		signer, err := v.Tag(data, "v1", now)
		assertVerdict(t, signer, err)
		if err == nil && !signedContent[string(splitTag(data).payload)] {
			t.Errorf("a tag that no signer signed is accepted as that of %s: %q", signer, data)
		}
	})
}

// assertVerdict: a text about an object names no more than one printable line of it.
func assertVerdict(t *testing.T, signer string, err error) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, ErrUnsigned) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrUntrusted) {
			t.Errorf("the error has no cause: %v", err)
		}
		signer = err.Error()
	}
	if signer == "" || len(signer) > 2000 || !foreign.Printable(signer) {
		t.Errorf("the verdict is empty, long or not printable: %q", signer)
	}
}

// FuzzSigners: a file of signers is refused with a printable error, or each of its lines has
// principals and a key.
func FuzzSigners(f *testing.F) {
	data, err := os.ReadFile("testdata/allowed_signers")
	if err != nil {
		f.Fatal(err)
	}
	_, key, _ := strings.Cut(strings.SplitN(string(data), "\n", 2)[0], " ")
	fuzztest.Add(f, fuzztest.Texts(string(data), "\"a b\" namespaces=\"git,file\",valid-after=\"20260101\" "+key, "* valid-before=\"202601010000Z\" "+key,
		"a cert-authority "+key, "!a,b namespaces=\"!git,*\" "+key, "# "+key, "a\tno-such-option=\"x\" "+key)...)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSigners("signers", []byte(text))
		if err != nil {
			if !foreign.Printable(err.Error()) {
				t.Errorf("the error is not printable: %q", err)
			}
			return
		}
		for _, line := range s.lines {
			parsed, err := ssh.ParsePublicKey(line.key)
			if err != nil || line.principals == "" {
				t.Fatalf("%q has a signer without a key or principals: %v", text, err)
			}
			name, err := s.find(parsed, time.Unix(1_800_000_000, 0))
			assertVerdict(t, name, err)
		}
	})
}
