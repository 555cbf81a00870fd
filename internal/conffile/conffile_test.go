// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
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

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readers are all functions of the package that read a file.
var readers = map[string]func(path string) error{
	"Read":          func(path string) error { _, err := conffile.Read(path, 100<<10); return err },
	"Line":          func(path string) error { _, err := conffile.Line(path); return err },
	"Token":         func(path string) error { _, err := conffile.Token(path); return err },
	"Secret":        func(path string) error { _, err := conffile.Secret(path); return err },
	"SigningKey":    func(path string) error { _, err := conffile.SigningKey(path); return err },
	"SymmetricKeys": func(path string) error { _, err := conffile.SymmetricKeys(path); return err },
	"CertPool":      func(path string) error { _, err := conffile.CertPool(path); return err },
	"KeyPair":       func(path string) error { _, err := conffile.KeyPair(path, path); return err },
}

func TestReadersRefuseWhatIsNotARegularFileWithoutWaiting(t *testing.T) {
	t.Parallel()
	unreadable := file(t, canary)
	if err := os.Chmod(unreadable, 0); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		"FIFO": fifo(t), "directory": t.TempDir(), "device": "/dev/zero", "link to a directory": link(t, t.TempDir()),
		"missing": filepath.Join(t.TempDir(), "missing"), "unreadable": unreadable,
		"too large": file(t, canary+strings.Repeat("x", conffile.MaxPEMBytes)),
	}
	if os.Getuid() == 0 { // root reads everything
		delete(paths, "unreadable")
	}
	wants := map[string]string{"missing": "no such file or directory", "unreadable": "permission denied", "too large": "larger than the limit of "}
	for name, read := range readers {
		for kind, path := range paths {
			want := wants[kind]
			if want == "" {
				want = "not a regular file"
			}
			result := make(chan error, 1)
			go func() { result <- read(path) }()
			select {
			case err := <-result:
				if err == nil || !strings.HasPrefix(err.Error(), "read "+path) || !strings.Contains(err.Error(), want) {
					t.Errorf("%s of a path that is %s: %v, want the path and %q", name, kind, err, want)
				}
				if err != nil && strings.Contains(err.Error(), canary[:8]) {
					t.Errorf("%s of a path that is %s: the error contains the credential: %v", name, kind, err)
				}
				if kind == "missing" && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: the error does not wrap fs.ErrNotExist: %v", name, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s hangs on a path that is %s", name, kind)
			}
		}
	}
}

func link(t *testing.T, to string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadFollowsLinksAndAcceptsTheLimit(t *testing.T) {
	t.Parallel()
	path := link(t, file(t, "12345"))
	if got, err := conffile.Read(path, 5); err != nil || string(got) != "12345" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := conffile.Read(path, 4); err == nil || !strings.Contains(err.Error(), "larger than the limit of 4 bytes") {
		t.Errorf("one byte more than the limit: %v", err)
	}
	if got, err := conffile.Read(file(t, ""), 5); err != nil || len(got) != 0 {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}

func TestReadArgumentReadsAPipeUpToTheLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"12345": "", "123456": "larger than the limit of 5 bytes"} {
		path := fifo(t)
		go func() { _ = os.WriteFile(path, []byte(text), 0o600) }()
		got, err := conffile.ReadArgument(t.Context(), path, 5)
		if want == "" && (err != nil || string(got) != text) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := conffile.ReadArgument(t.Context(), filepath.Join(t.TempDir(), "missing"), 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestReadArgumentRefusesDevices(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s") // the path of a socket must be short
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	for _, path := range []string{t.TempDir(), "/dev/zero", "/dev/null", socket} {
		if _, err := conffile.ReadArgument(t.Context(), path, 5); err == nil || err.Error() != "read "+path+": not a regular file or pipe" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestReadArgumentWaitsForAPipeUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	silent := fifo(t)
	writer, err := os.OpenFile(silent, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for _, path := range []string{fifo(t), silent} {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { _, err := conffile.ReadArgument(ctx, path, 5); result <- err }()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCredentialsAreReadWithoutTheSpaceAroundThem(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(string) (string, error){"Line": conffile.Line, "Token": conffile.Token, "Secret": conffile.Secret} {
		for _, text := range []string{canary, canary + "\r\n", "\n \t" + canary + " \n\n"} {
			if got, err := read(file(t, text)); err != nil || got != canary {
				t.Errorf("%s of %q: %q, %v", name, text, got, err)
			}
		}
	}
	if got, err := conffile.Secret(file(t, "It's a Secret to Everybody\n")); err != nil || got != "It's a Secret to Everybody" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSymmetricKeysLoseTheirLineBreaksOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"key": `["key"]`, "key\n": `["key"]`, "key\r\n": `["key"]`, " key \n\n": `[" key " ""]`, "new\r\nold\r\n": `["new" "old"]`,
	} {
		if got, err := conffile.SymmetricKeys(file(t, text)); err != nil || fmt.Sprintf("%q", got) != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestInvalidCredentialsAreRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, reader, text, want string }{
		{"empty token", "Token", " \n", "must not be empty"},
		{"empty line", "Line", "", "must not be empty"},
		{"token of two lines", "Token", canary + "\n" + canary, "must be one line of printable ASCII"},
		{"token with an umlaut", "Token", canary + "é", "must be one line of printable ASCII"},
		{"password of two lines", "Line", canary + "\n" + canary, "must be one line of text"},
		{"binary password", "Line", canary + "\xff", "must be one line of text"},
		{"short secret", "Secret", canary[:15], "at least 16 bytes"},
		{"invalid base64", "SigningKey", "whsec_" + canary, "must be base64 of at least 16 bytes"},
		{"base64 of a short secret", "SigningKey", "whsec_aHVudGVyMi1odW50ZXI=", "must be base64 of at least 16 bytes"},
		{"CA file without certificate", "CertPool", canary, "no certificate found in PEM format"},
		{"key pair that is none", "KeyPair", canary, "not a certificate and its private key"},
	} {
		path := file(t, row.text)
		err := readers[row.reader](path)
		if err == nil || !strings.HasPrefix(err.Error(), "read "+path) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want the path and %q", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), canary[:8]) {
			t.Errorf("%s: the error contains the credential: %v", row.name, err)
		}
	}
}

func TestSigningKeyDecodesTheStandardsPrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"whsec_aHVudGVyMi1odW50ZXIyLWh1bnRlcjI=\n": canary, canary: canary} {
		if got, err := conffile.SigningKey(file(t, text)); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestWarningsNameCredentialFilesThatOthersCanRead(t *testing.T) {
	t.Parallel()
	path := file(t, canary)
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o440: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		got := conffile.Warnings("", filepath.Join(t.TempDir(), "missing"), path)
		if (len(got) == 1) != warned || warned && !strings.Contains(got[0], path) {
			t.Errorf("mode %04o: %q", mode, got)
		}
	}
}

func TestDisplayQuotesPathsThatReadAsOtherText(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/etc/relay-sync/token": "/etc/relay-sync/token", `C:\relay\token`: `C:\relay\token`, "/a b": `"/a b"`, "/a\nerror": `"/a\nerror"`,
	} {
		if got := conffile.Display(path); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
