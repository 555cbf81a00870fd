// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/logging"
	"github.com/getsops/sops/v3/pgp"
	"github.com/sirupsen/logrus"
)

// A nil pointer in a KMS context makes SOPS panic, and so does a key without a kind.
func TestPanicOfSopsFailsOnlyItsFile(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	good := s.sealUsual(t, ".yaml")
	m := mustVerify(t, "team.yaml", good)
	m.metadata.KeyGroups = []sops.KeyGroup{{(*kms.MasterKey)(nil)}}
	opened, err := m.Decrypt(t.Context(), s.keys(t))
	if opened != nil {
		t.Error("something was opened")
	}
	assertProblem(t, err, 0, "the file cannot be decrypted by SOPS; restore the file from git")

	s.change = func(m *sops.Metadata) {
		m.KeyGroups[0] = append(m.KeyGroups[0], &kms.MasterKey{Arn: "arn:aws:kms:x", EncryptionContext: map[string]*string{"k": nil}})
	}
	m, verifyErr := Verify("team.yaml", []byte(s.sealUsual(t, ".yaml")))
	if m != nil {
		t.Error("the file passed")
	}
	assertProblem(t, verifyErr, 0, "the file cannot be read by SOPS; restore the file from git")
	for _, err := range []error{err, verifyErr} {
		if strings.Contains(err.Error(), "nil pointer") {
			t.Errorf("the error holds the panic: %v", err)
		}
	}
	if _, err := mustVerify(t, "team.yaml", good).Decrypt(t.Context(), s.keys(t)); err != nil {
		t.Errorf("the file as it was before: %v", err)
	}
}

// The file names a server, the environment holds every key and token that the stock
// key service would use. Neither may be touched.
func TestDecryptUsesOnlyTheGivenKeys(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	s, other := newSealer(t), newSealer(t)
	home := t.TempDir()
	ran := filepath.Join(home, "ran")
	keyFile := filepath.Join(home, ".config", "sops", "age", "keys.txt")
	if err := os.MkdirAll(filepath.Dir(keyFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(s.identity), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		"SOPS_AGE_KEY": s.identity, "SOPS_AGE_KEY_FILE": keyFile, "SOPS_AGE_KEY_CMD": "touch " + ran,
		"SOPS_AGE_SSH_PRIVATE_KEY_CMD": "touch " + ran, "SOPS_GPG_EXEC": "touch",
		"VAULT_TOKEN": "hvs.canary", "VAULT_ADDR": server.URL,
	} {
		t.Setenv(name, value)
	}
	s.change = func(m *sops.Metadata) {
		m.KeyGroups[0] = append(m.KeyGroups[0], []keys.MasterKey{
			&hcvault.MasterKey{VaultAddress: server.URL, EnginePath: "transit", KeyName: "k", EncryptedKey: "vault:v1:AAAA"},
			&pgp.MasterKey{Fingerprint: "85D77543B3D624B63CEA9E6DBC17301B491B3F21", EncryptedKey: "x"},
			&kms.MasterKey{Arn: "arn:aws:kms:eu-1:1:key/k", EncryptedKey: "AAAA"},
		}...)
	}
	m := mustVerify(t, "team.yaml", s.sealUsual(t, ".yaml"))
	for _, keys := range []*Keys{{}, other.keys(t)} {
		_, err := m.Decrypt(t.Context(), keys)
		var noKey *NoKeyError
		if !errors.As(err, &noKey) {
			t.Fatalf("got %v, want a *NoKeyError", err)
		}
		want := []string{"kms arn:aws:kms:eu-1:1:key/k", "hc_vault " + server.URL + "/v1/transit/keys/k", "pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21", s.recipient}
		if !slices.Equal(noKey.Recipients, want) {
			t.Errorf("recipients %q, want %q", noKey.Recipients, want)
		}
	}
	if _, err := m.Decrypt(t.Context(), s.keys(t)); err != nil {
		t.Errorf("with the available key: %v", err)
	}
	if calls.Load() != 0 {
		t.Error("a server named by the file was called")
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a command named by the environment was run")
	}
}

// SOPS encrypts comments, does not authenticate them, and warns with their text when
// they do not open.
func TestCommentsDoNotChangeTheSecrets(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	plain := plainTree("deploy", "token", canaryToken)
	workflow := &plain[0].Value.(sops.TreeBranch)[0]
	workflow.Value = append(sops.TreeBranch{{Key: sops.Comment{Value: " canary-comment"}}}, workflow.Value.(sops.TreeBranch)...)
	file := s.seal(t, ".yaml", plain)
	if !strings.Contains(file, "#ENC[") {
		t.Fatalf("sops left the comment in clear:\n%s", file)
	}
	sealed := leafText["token"].FindString(file)[len("token: "):]
	for name, edited := range map[string]string{
		"sealed":                file,
		"in clear":              strings.Replace(file, "sops:\n", "# canary-clear-comment\nsops:\n", 1),
		"a sealed value":        strings.Replace(file, "sops:\n", "# "+sealed+"\nsops:\n", 1),
		"type that panics sops": strings.Replace(file, "type:comment", "type:bytes", 1),
		"line breaks of DOS":    strings.ReplaceAll(file, "\n", "\r\n"),
	} {
		values, _, err := mustVerify(t, "team.yaml", edited).open(t.Context(), s.keys(t))
		if err != nil || !slices.Equal(values, []string{canaryToken}) {
			t.Errorf("%s: got %q, %v", name, values, err)
		}
	}
}

func TestSopsLoggersAreSilenced(t *testing.T) {
	t.Parallel()
	_, _ = Verify("team.yaml", nil)
	if len(logging.Loggers) == 0 {
		t.Fatal("sops has no loggers; does it log otherwise now?")
	}
	for name, logger := range logging.Loggers {
		if logger.Out != io.Discard || logger.GetLevel() != logrus.PanicLevel {
			t.Errorf("logger %s is not silenced", name)
		}
	}
}
