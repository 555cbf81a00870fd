// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package credential_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/credential"
)

const canary = "hunter2-hunter2-hunter2"

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASpaceAroundACredentialIsNotPartOfIt(t *testing.T) {
	t.Parallel()
	for _, read := range []func(string, string) (string, error){credential.ReadToken, credential.ReadSecret} {
		if got, err := read("it", file(t, " "+canary+"\r\n")); err != nil || got != canary {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if got, err := credential.ReadSecret("it", file(t, "It's a Secret to Everybody\n")); err != nil || got != "It's a Secret to Everybody" {
		t.Errorf("read %q, %v", got, err)
	}
}

// The example of the standard's own libraries: one secret, with the prefix or
// without, is two keys.
func TestASigningKeySignsAsTheStandardShows(t *testing.T) {
	t.Parallel()
	at, body := time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	for text, want := range map[string]bool{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n": true, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": false} {
		key, err := credential.SigningKey("it", file(t, text))
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
		if err != nil || (signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") != want {
			t.Errorf("%q signs %s, %v", text, signature, err)
		}
	}
}

func signingKey(what, path string) (string, error) {
	_, err := credential.SigningKey(what, path)
	return "", err
}

func TestWhatIsNoCredentialIsRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, path, want string
		read             func(string, string) (string, error)
	}{
		{"no file", filepath.Join(t.TempDir(), "none"), "no such file", credential.ReadToken},
		{"a folder", t.TempDir(), "not a regular file", credential.ReadToken},
		{"a device without end", "/dev/zero", "not a regular file", credential.ReadSecret},
		{"empty", file(t, " \n"), "is empty", credential.ReadToken},
		{"too large", file(t, canary+strings.Repeat("x", credential.MaxBytes)), "at most 65536 bytes", credential.ReadSecret},
		{"a token of two lines", file(t, canary+"\n"+canary), "one line", credential.ReadToken},
		{"a token with a letter that no header takes", file(t, canary+"é"), "printable ASCII", credential.ReadToken},
		{"a short secret", file(t, canary[:15]), "16 bytes at least", credential.ReadSecret},
		{"garbled base64", file(t, "whsec_"+canary), "is not the base64 of 16 bytes at least", signingKey},
		{"base64 of a short secret", file(t, "whsec_aHVudGVyMi1odW50ZXI="), "16 bytes at least", signingKey},
	}
	for _, row := range rows {
		_, err := row.read("the token of a test", row.path)
		if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), row.path) {
			t.Errorf("%s: %v, want %q and the path", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), canary[:8]) {
			t.Errorf("%s: the error shows the credential: %v", row.name, err)
		}
	}
	if _, err := credential.ReadToken("it", filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file is not told apart: %v", err)
	}
}
