// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// open decrypts the plain texts and the data key.
func (m *Manifest) open(ctx context.Context, keys *Keys) (values []string, dataKey []byte, err error) {
	u, err := m.Unlock(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	if values, err = m.values(u.dataKey()); err != nil {
		return nil, nil, err
	}
	return values, u.dataKey(), nil
}

// mustVerify fails the test on a file that Verify refuses.
func mustVerify(t testing.TB, name, file string) *Manifest {
	t.Helper()
	m, err := Verify(name, []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDecryptReturnsTheValuesThatSopsEncrypted(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	keys := s.keys(t)
	for _, format := range []string{".yaml", ".json"} {
		m := mustVerify(t, "team"+format, s.sealUsual(t, format))
		// Twice at once: opening must leave the manifest as it was.
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				values, _, err := m.open(t.Context(), keys)
				if want := []string{canaryToken, canaryPort, canaryBackup}; err != nil || !slices.Equal(values, want) {
					t.Errorf("%s: got %q, %v", format, values, err)
				}
			})
		}
		group.Wait()

		opened, err := m.Decrypt(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		for i, secret := range opened {
			if secret.Leaf != m.Leaves[i] || secret.Key1 == "" || secret.Key1 != opened[0].Key1 {
				t.Errorf("%s: secret %d is %+v", format, i, secret)
			}
		}
		if shown := fmt.Sprintf("%v %+v %#v", opened, opened, opened); strings.Contains(shown, "canary") || !strings.Contains(shown, secrets.Redacted) {
			t.Errorf("%s: secrets print as %s", format, shown)
		}
	}
}

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	file := s.sealUsual(t, ".yaml")
	other := newSealer(t)
	foreign := other.sealUsual(t, ".yaml")
	deploy, backup := fileLine(file, 3), fileLine(file, 6)
	const moved = "cannot be decrypted: it was moved from another workflow or name, comes from another file, or was edited by hand"
	const mismatch = "sops.mac does not match the file: a value was added, removed or put back outside sops"
	tests := []struct {
		name     string
		edit     edit
		line     int
		sentence string
	}{
		{"moved to another workflow", replace(backup, deploy), 6, "workflows.backup.token " + moved},
		{"moved to another name", replace("        port: ", "        door: "), 4, "workflows.deploy.door " + moved},
		{"workflow renamed", replace("    backup:", "    backups:"), 6, "workflows.backups.token " + moved},
		{"copied to a new name", replace(deploy, deploy+"\n"+strings.Replace(deploy, "token", "copy", 1)), 4, "workflows.deploy.copy " + moved},
		{"copied to a new workflow", replace("sops:\n", "    extra:\n"+deploy+"\nsops:\n"), 8, "workflows.extra.token " + moved},
		{"taken from another file", replace(deploy, fileLine(foreign, 3)), 3, "workflows.deploy.token " + moved},
		{"nonce edited", func(f string) string { return strings.Replace(f, ",iv:", ",iv:AAAA", 1) }, 0, ""},
		{"one bit flipped", flipFirstData, 3, "workflows.deploy.token " + moved},
		{"removed", replace(deploy+"\n", ""), 18, mismatch},
		{"workflow removed", replace("    backup:\n"+backup+"\n", ""), 17, mismatch},
		{"put in another order", replace(deploy+"\n"+fileLine(file, 4), fileLine(file, 4)+"\n"+deploy), 19, mismatch},
		{"MAC of another file", replace(lineWith(file, " mac: "), lineWith(foreign, " mac: ")), 19, mismatch},
		{"a value in the place of the MAC", replace(lineWith(file, " mac: "), "    mac: "+strings.TrimPrefix(deploy, "        token: ")), 19, mismatch},
		{"time changed", replace("2026-11-22T18", "2026-11-23T18"), 19, mismatch},
		{"time in another zone", replace("18:24:47Z", "19:24:47+01:00"), 19, mismatch},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			edited := test.edit(file)
			m, err := Verify("team.yaml", []byte(edited))
			if test.line == 0 && err != nil {
				assertSilent(t, err, edited)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			opened, err := m.Decrypt(t.Context(), s.keys(t))
			if opened != nil || !errors.Is(err, secrets.ErrInvalid) {
				t.Fatalf("got %v, %v, want a refusal", opened, err)
			}
			assertSilent(t, err, file+foreign)
			assertProblem(t, err, test.line, test.sentence)
		})
	}
}

func fileLine(file string, number int) string { return strings.Split(file, "\n")[number-1] }

func lineWith(file, part string) string {
	lines := strings.Split(file, "\n")
	return lines[slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, part) })]
}

func flipFirstData(file string) string {
	at := strings.Index(file, "data:") + len("data:")
	flipped := byte('A')
	if file[at] == flipped {
		flipped = 'B'
	}
	return file[:at] + string(flipped) + file[at+1:]
}

func TestDecryptReportsEveryValueThatCannotBeDecrypted(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	file := strings.Replace(s.sealUsual(t, ".yaml"), "    deploy:", "    staging:", 1)
	_, err := mustVerify(t, "team.yaml", file).Decrypt(t.Context(), s.keys(t))
	assertProblem(t, err, 3, "workflows.staging.token cannot be decrypted")
	assertProblem(t, err, 4, "workflows.staging.port cannot be decrypted")
}

func TestDecryptWithoutTheKey(t *testing.T) {
	t.Parallel()
	s, other := newSealer(t), newSealer(t)
	file := s.sealUsual(t, ".yaml")
	m := mustVerify(t, "team.yaml", file)
	for name, test := range map[string]struct {
		keys *Keys
		want string
	}{
		"another": {other.keys(t), "team.yaml: no available key decrypts this file; it needs a key for " + s.recipient + "; the available keys are " + other.recipient + "; add an available key to .sops.yaml"},
		"none":    {&Keys{}, "it needs a key for " + s.recipient + "; no key is available; "},
		"nil":     {nil, "; no key is available; "},
	} {
		opened, err := m.Decrypt(t.Context(), test.keys)
		var noKey *NoKeyError
		if opened != nil || !errors.As(err, &noKey) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v", name, opened, err)
		}
		assertSilent(t, err, file)
	}

	damaged := mustVerify(t, "team.yaml", strings.Replace(file, "            YWdl", "            YWdm", 1))
	_, err := damaged.Decrypt(t.Context(), s.keys(t))
	if err == nil || !strings.Contains(err.Error(), "the file's entry for an available key is damaged") {
		t.Errorf("damaged entry: got %v", err)
	}
}

func TestDecryptRefusesDataKeysOfAnotherSize(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	s.dataKey = s.dataKey[:16] // AES-128 would open it
	_, err := mustVerify(t, "team.yaml", s.sealUsual(t, ".yaml")).Decrypt(t.Context(), s.keys(t))
	var noKey *NoKeyError
	if !errors.As(err, &noKey) {
		t.Errorf("got %v, want a *NoKeyError", err)
	}
}

func TestDecryptStopsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	m := mustVerify(t, "team.yaml", s.sealUsual(t, ".yaml"))
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if opened, err := m.Decrypt(ctx, s.keys(t)); opened != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v, want the deadline", opened, err)
	}
}

// SOPS never encrypts an empty value, but the owner of the key can.
func TestOpenerRefusesAnEncryptedEmptyValue(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	block, err := aes.NewCipher(s.dataKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, sealNonceBytes)
	if err != nil {
		t.Fatal(err)
	}
	nonce, path := make([]byte, sealNonceBytes), authenticatedPath("w", "n")
	tag := gcm.Seal(nil, nonce, nil, []byte(path))
	encode := base64.StdEncoding.EncodeToString
	sealed := fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]", encode(tag[:3]), encode(nonce), encode(tag[3:]))
	o := &opener{cipher: s.cipher, values: map[string]string{}}
	if value, err := s.cipher.Decrypt(sealed, s.dataKey, path); value != "" || err != nil {
		t.Fatalf("SOPS opens it to %v, %v", value, err)
	}
	if _, err := o.Decrypt(sealed, s.dataKey, path); err != nil || len(o.values) != 0 {
		t.Errorf("opened %q, %v", o.values, err)
	}
	if sealProblem(sealed) == "" {
		t.Error("Verify would let it pass")
	}
}
