// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	filippo "filippo.io/age"
	"github.com/getsops/sops/v3/keyservice"
)

func newIdentity(t testing.TB) *filippo.X25519Identity {
	t.Helper()
	identity, err := filippo.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func TestLoadAgeKeys(t *testing.T) {
	t.Parallel()
	one, two := newIdentity(t), newIdentity(t)
	hybrid, err := filippo.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	first := writeFile(t, "first.txt", fmt.Sprintf("# created: today\n# public key: x\n%s\r\n\n  %s  \n", one, hybrid))
	second := writeFile(t, "second.txt", fmt.Sprintf("%s\n%s", two, one))
	keys, err := LoadAgeKeys(first, second)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{one.Recipient().String(), hybrid.Recipient().String(), two.Recipient().String()}
	if !slices.Equal(keys.Held(), want) {
		t.Errorf("held %v, want %v", keys.Held(), want)
	}
	if readable := keys.ReadableByAll(); readable != nil {
		t.Errorf("files of mode 0600 count as readable by all: %v", readable)
	}
	for mode, readable := range map[os.FileMode]bool{0o400: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.Chmod(first, mode); err != nil {
			t.Fatal(err)
		}
		keys, err := LoadAgeKeys(first, second)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(keys.ReadableByAll(), first); got != readable {
			t.Errorf("mode %o: readable by all is %t, want %t", mode, got, readable)
		}
	}
}

func TestLoadAgeKeysRefuses(t *testing.T) {
	t.Parallel()
	good := newIdentity(t).String()
	for name, test := range map[string]struct{ content, want string }{
		"empty":         {"", "holds no key; age-keygen writes one"},
		"only comments": {"# " + good + "\n", "holds no key"},
		"broken key":    {"# c\n" + good[:len(good)-1] + "\n", ", line 2: this is no age key"},
		"another word":  {good + "\npassword: hunter2\n", ", line 2: this is no age key"},
		"two in a line": {good + " " + good, ", line 1: this is no age key"},
		"public key":    {newIdentity(t).Recipient().String(), ", line 1: this is a public key"},
		"plugin":        {"AGE-PLUGIN-YUBIKEY-1QQPSYQYQS\n", ", line 1: keys of age plugins are not supported"},
		"encrypted":     {"age-encryption.org/v1\n-> scrypt x 18\n", ", line 1: the key file is itself encrypted"},
		"armoured":      {"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", ", line 1: the key file is itself encrypted"},
		"SSH key":       {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n", ", line 1: this is no age key"},
		"too large":     {strings.Repeat("#\n", maxKeyFileBytes), "is larger than 65536 bytes"},
		"binary":        {"\x00\xff\xfe", ", line 1: this is no age key"},
	} {
		keys, err := LoadAgeKeys(writeFile(t, "keys.txt", test.content))
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
	_, err := LoadAgeKeys(folder, missing)
	if err == nil || !strings.Contains(err.Error(), folder+" is not a regular file") || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want both paths", err)
	}
}

func TestKeysPrintAsTheirPublicForms(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	keys := s.keys(t)
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("loaded", "keys", keys, "value", *keys, "group", slog.AnyValue([]*Keys{keys}))
	}
	encoded, err := json.Marshal(map[string]any{"keys": keys, "value": *keys})
	if err != nil {
		t.Fatal(err)
	}
	if shown := log.String() + string(encoded); strings.Contains(shown, "AGE-SECRET-KEY") || strings.Contains(shown, s.identity[20:40]) {
		t.Errorf("a private key shows: %s", shown)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{keys, *keys} {
			if got := fmt.Sprintf(format, value); got != s.recipient {
				t.Errorf("%T prints through %s as %q, want %q", value, format, got, s.recipient)
			}
		}
	}
	if got := fmt.Sprint(&Keys{}); got != "no key" {
		t.Errorf("no keys print as %q", got)
	}
}

func TestPostQuantumKeysOpen(t *testing.T) {
	t.Parallel()
	identity, err := filippo.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(t)
	s.identity, s.recipient = identity.String(), identity.Recipient().String()
	file := s.sealUsual(t, ".yaml")
	m := mustVerify(t, "team.yaml", file)
	if _, err := m.Decrypt(t.Context(), s.keys(t)); err != nil {
		t.Errorf("with the key: %v", err)
	}
	if !slices.Equal(m.Recipients, s.keys(t).Held()) {
		t.Error("the recipient and the public form of its key differ")
	}
	_, err = m.Decrypt(t.Context(), newSealer(t).keys(t))
	if err == nil || len(err.Error()) > 500 || !strings.Contains(err.Error(), s.recipient[:20]) {
		t.Errorf("without the key: %v", err)
	}
}

func TestKeyServiceAnswersAgeOnly(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	service := &heldKeys{ctx: t.Context(), identities: s.keys(t).identities}
	for _, key := range []*keyservice.Key{
		nil,
		{},
		{KeyType: &keyservice.Key_PgpKey{PgpKey: &keyservice.PgpKey{}}},
		{KeyType: &keyservice.Key_KmsKey{KmsKey: &keyservice.KmsKey{}}},
		{KeyType: &keyservice.Key_GcpKmsKey{GcpKmsKey: &keyservice.GcpKmsKey{}}},
		{KeyType: &keyservice.Key_AzureKeyvaultKey{AzureKeyvaultKey: &keyservice.AzureKeyVaultKey{}}},
		{KeyType: &keyservice.Key_VaultKey{VaultKey: &keyservice.VaultKey{}}},
		{KeyType: &keyservice.Key_HckmsKey{HckmsKey: &keyservice.HckmsKey{}}},
	} {
		if _, err := service.Decrypt(t.Context(), &keyservice.DecryptRequest{Key: key}); !errors.Is(err, errNotEnabled) {
			t.Errorf("%v: got %v", key, err)
		}
	}
	ageKey := &keyservice.Key{KeyType: &keyservice.Key_AgeKey{AgeKey: &keyservice.AgeKey{}}}
	if _, err := service.Encrypt(t.Context(), &keyservice.EncryptRequest{Key: ageKey}); err == nil {
		t.Error("it encrypts")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&heldKeys{ctx: stopped}).Decrypt(t.Context(), &keyservice.DecryptRequest{Key: ageKey}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: got %v", err)
	}
	// A wrapped key may not be a long list of stanzas to try.
	long := make([]byte, maxWrappedKeyBytes+1)
	if _, err := service.Decrypt(t.Context(), &keyservice.DecryptRequest{Key: ageKey, Ciphertext: long}); !errors.Is(err, errNotDataKey) {
		t.Errorf("long entry: got %v", err)
	}
}
