// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// load makes the keys of a configuration.
func load(cfg Config) (*Keys, error) {
	ring, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return ring.Load()
}

func TestAgeKeyFiles(t *testing.T) {
	t.Parallel()
	one, two := newIdentity(t), newIdentity(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	first := writeFile(t, "first.txt", fmt.Sprintf("# created: today\n# public key: x\n%s\r\n\n  %s  \n", one, hybrid))
	second := writeFile(t, "second.txt", fmt.Sprintf("%s\n%s", two, one))
	keys, err := load(Config{Age: []string{first, second}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{one.Recipient().String(), hybrid.Recipient().String(), two.Recipient().String()}
	if !slices.Equal(keys.Available(), want) {
		t.Errorf("available %v, want %v", keys.Available(), want)
	}
	if warnings := (&Config{Age: []string{first, second}}).Warnings(); warnings != nil {
		t.Errorf("warnings about files of mode 0600: %q", warnings)
	}
	if err := os.Chmod(first, 0o644); err != nil {
		t.Fatal(err)
	}
	if warnings := (&Config{Age: []string{first, second}}).Warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], first) {
		t.Errorf("a key file that all users can read: %q", warnings)
	}
}

func TestFIFOInPlaceOfAKeyFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"age_keys": {Age: []string{fifo}}, "keys.pgp": {PGP: []string{fifo}},
		"ca_cert": {VaultTransit: []VaultTransit{{Address: vaultAddr, Keys: []string{"k"}, CACert: fifo}}},
	} {
		if _, err := load(cfg); err == nil || !strings.Contains(err.Error(), name+": read "+fifo+": not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	keys, err := load(Config{VaultTransit: []VaultTransit{{Address: vaultAddr, Keys: []string{"k"}, TokenFile: fifo}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.Open(t.Context(), Wrapped{Kind: Transit, ID: TransitID(vaultAddr, DefaultTransitMount, "k"), Text: []byte("vault:v1:AAAA")})
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "token_file: read "+fifo+": not a regular file") {
		t.Errorf("token_file: %v", err)
	}
}

func TestAgeKeyFilesAreRejected(t *testing.T) {
	t.Parallel()
	good := newIdentity(t).String()
	for name, test := range map[string]struct{ content, want string }{
		"empty":         {"", "no key found; create one with age-keygen"},
		"only comments": {"# " + good + "\n", "no key found"},
		"broken key":    {"# c\n" + good[:len(good)-1] + "\n", ", line 2: not an age key"},
		"another word":  {good + "\npassword: hunter2\n", ", line 2: not an age key"},
		"two in a line": {good + " " + good, ", line 1: not an age key"},
		"public key":    {newIdentity(t).Recipient().String(), ", line 1: this is a public key"},
		"plugin":        {"AGE-PLUGIN-YUBIKEY-1QQPSYQYQS\n", ", line 1: keys of age plugins are not supported"},
		"encrypted":     {"age-encryption.org/v1\n-> scrypt x 18\n", ", line 1: the key file is itself encrypted"},
		"armoured":      {"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", ", line 1: the key file is itself encrypted"},
		"too large":     {strings.Repeat("#\n", conffile.MaxCredentialBytes), "larger than the limit of 65536 bytes"},
		"binary":        {"\x00\xff\xfe", ", line 1: not an age key"},
	} {
		keys, err := load(Config{Age: []string{writeFile(t, "keys.txt", test.content)}})
		if keys != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "keys.txt") {
			t.Errorf("%s: got %v, %v, want %q and the file's name", name, keys, err, test.want)
			continue
		}
		for _, secret := range []string{good[20:40], "hunter2", "b3BlbnNzaC1rZXk", "YUBIKEY"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds content: %v", name, err)
			}
		}
	}
	folder, missing := t.TempDir(), filepath.Join(t.TempDir(), "missing.txt")
	_, err := load(Config{Age: []string{folder, missing}})
	if err == nil || !strings.Contains(err.Error(), "read "+folder+": not a regular file") || !strings.Contains(err.Error(), "age-keygen -o "+missing) {
		t.Errorf("got %v, want both paths, and how to create a key", err)
	}
}
