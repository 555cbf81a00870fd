// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
)

// now returns a time at which the keys of testdata are valid: one hour after they were
// created.
func now(t *testing.T) time.Time {
	t.Helper()
	for line := range strings.Lines(object(t, "pgp-brief.commit")) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "committer" {
			at, err := time.ParseDuration(fields[len(fields)-2] + "s")
			if err != nil {
				t.Fatal(err)
			}
			return time.Unix(0, 0).Add(at + time.Hour)
		}
	}
	t.Fatal("no date in the commit")
	return time.Time{}
}

func object(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func load(t *testing.T, k signature.Keys) *signature.Verifier {
	t.Helper()
	v, err := signature.Load(k)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// allSigners returns a verifier that accepts every key of testdata.
func allSigners(t *testing.T) *signature.Verifier {
	t.Helper()
	return load(t, signature.Keys{SSHAllowedSigners: "testdata/allowed_signers", OpenPGP: []string{"testdata/ada.asc", "testdata/brief.asc"}})
}

func TestSignaturesOfGitAreVerified(t *testing.T) {
	t.Parallel()
	v := allSigners(t)
	for name, who := range map[string]string{
		"ssh-ed25519": "ed25519@example.com (SSH key SHA256:", "ssh-rsa": "rsa@example.com", "ssh-ecdsa": "ecdsa@example.com",
		"ssh-sha256": "ed25519@example.com", "pgp": "Ada <ada@example.com> (OpenPGP key ", "pgp-sha256": "Ada", "pgp-brief": "Brief",
	} {
		sha256 := strings.HasSuffix(name, "sha256")
		got, err := v.Commit([]byte(object(t, name+".commit")), sha256, now(t))
		if err != nil || !strings.HasPrefix(got, who) {
			t.Errorf("%s.commit: got %q, %v, want %q", name, got, err, who)
		}
		got, err = v.Tag([]byte(object(t, name+".tag")), "v1", now(t))
		if err != nil || !strings.HasPrefix(got, who) {
			t.Errorf("%s.tag: got %q, %v, want %q", name, got, err, who)
		}
		if _, err := v.Tag([]byte(object(t, name+".tag")), "v2", now(t)); !errors.Is(err, signature.ErrInvalid) {
			t.Errorf("%s.tag under another name: %v", name, err)
		}
	}
}

// It flips each byte of each object outside of the armored signature.
func TestEveryChangedByteInvalidatesTheSignature(t *testing.T) {
	t.Parallel()
	v := allSigners(t)
	for _, name := range []string{"ssh-ed25519.commit", "ssh-rsa.commit", "pgp.commit", "ssh-ed25519.tag", "pgp.tag"} {
		raw := object(t, name)
		begin, end := strings.Index(raw, "-----BEGIN "), strings.Index(raw, "-----END ")
		for i := range raw {
			if raw[i] == '\n' || i >= begin && i < end+40 {
				continue // the same signature has several armored forms
			}
			changed := []byte(raw)
			changed[i] ^= 1
			verify := func() (string, error) { return v.Commit(changed, false, now(t)) }
			if strings.HasSuffix(name, ".tag") {
				verify = func() (string, error) { return v.Tag(changed, "v1", now(t)) }
			}
			if who, err := verify(); err == nil {
				t.Fatalf("%s: with byte %d changed, the signature of %s is still valid:\n%s", name, i, who, changed)
			}
		}
	}
}

func TestUnacceptableSignaturesAreRefusedWithTheirCause(t *testing.T) {
	t.Parallel()
	ed25519 := object(t, "ssh-ed25519.commit")
	signers := object(t, "allowed_signers")
	key := strings.TrimSpace(strings.SplitN(strings.SplitN(signers, "\n", 2)[0], " ", 2)[1])
	file := func(text string) signature.Keys {
		path := filepath.Join(t.TempDir(), "allowed_signers")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return signature.Keys{SSHAllowedSigners: path}
	}
	day := func(days int) string { return now(t).UTC().AddDate(0, 0, days).Format("20060102150405Z") }
	twice := strings.Replace(ed25519, "gpgsig ", "gpgsig x\ngpgsig ", 1)
	all := signature.Keys{SSHAllowedSigners: "testdata/allowed_signers", OpenPGP: []string{"testdata/ada.asc"}}
	for name, test := range map[string]struct {
		keys   signature.Keys
		commit string
		is     error
		want   string
	}{
		"unsigned commit":           {all, object(t, "unsigned.commit"), signature.ErrUnsigned, "not signed"},
		"more than one signature":   {all, twice, signature.ErrInvalid, "more than one signature"},
		"an empty signature":        {all, "tree x\ngpgsig \n\nmessage\n", signature.ErrUnsigned, "not signed"},
		"S/MIME":                    {all, "tree x\ngpgsig -----BEGIN SIGNED MESSAGE-----\n\nmessage\n", signature.ErrInvalid, "unsupported format; expected an SSH or OpenPGP signature"},
		"no armor":                  {all, "tree x\ngpgsig -----BEGIN SSH SIGNATURE-----\n\nmessage\n", signature.ErrInvalid, "armor"},
		"no armor of PGP":           {all, "tree x\ngpgsig -----BEGIN PGP SIGNATURE-----\n\nmessage\n", signature.ErrInvalid, "damaged"},
		"an SSH key not listed":     {file("ada " + strings.SplitN(strings.Split(signers, "\n")[1], " ", 2)[1]), ed25519, signature.ErrUntrusted, "SSH key SHA256:"},
		"a PGP key not listed":      {signature.Keys{OpenPGP: []string{"testdata/brief.asc"}}, object(t, "pgp.commit"), signature.ErrUntrusted, "OpenPGP key "},
		"no SSH keys":               {signature.Keys{OpenPGP: []string{"testdata/ada.asc"}}, ed25519, signature.ErrUntrusted, "verify.ssh_allowed_signers is not set"},
		"no PGP keys":               {file(signers), object(t, "pgp.commit"), signature.ErrUntrusted, "verify.openpgp_keys is not set"},
		"a revoked PGP key":         {signature.Keys{OpenPGP: []string{"testdata/ada-revoked.asc"}}, object(t, "pgp.commit"), signature.ErrUntrusted, "is revoked"},
		"a key that has expired":    {file("ada valid-before=\"" + day(-1) + "\" " + key), ed25519, signature.ErrUntrusted, "is not valid now"},
		"a key of the future":       {file("ada valid-after=\"" + day(1) + "\" " + key), ed25519, signature.ErrUntrusted, "is not valid now"},
		"a key that is in time":     {file("ada valid-after=\"" + day(-1) + "\",valid-before=\"" + day(1) + "\" " + key), ed25519, nil, "ada ("},
		"a key of two, one in time": {file("old valid-before=\"20200101\" " + key + "\nnew,newer " + key), ed25519, nil, "new,newer ("},
		"a key for git":             {file("\"ada of old\" namespaces=\"file,g?t\" " + key), ed25519, nil, "ada of old ("},
	} {
		t.Run(name, func(t *testing.T) {
			who, err := load(t, test.keys).Commit([]byte(test.commit), false, now(t))
			got := who
			if err != nil {
				got = err.Error()
			}
			if !errors.Is(err, test.is) || !strings.Contains(got, test.want) {
				t.Errorf("got %q, %v, want %v with %q", who, err, test.is, test.want)
			}
			if strings.ContainsAny(got, "\n\x1b") {
				t.Errorf("%q has control characters", got)
			}
		})
	}
	later := now(t).AddDate(0, 0, 3)
	if _, err := allSigners(t).Commit([]byte(object(t, "pgp-brief.commit")), false, later); !errors.Is(err, signature.ErrUntrusted) || !strings.Contains(err.Error(), "has expired") {
		t.Errorf("a PGP key that has expired since: %v", err)
	}
	if _, err := allSigners(t).Commit([]byte(object(t, "pgp.commit")), true, now(t)); !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("a signature of the other object format: %v", err)
	}
}

// The signature is like that of ssh-keygen -Y sign -n file.
func TestSSHSignatureForAnotherNamespaceIsInvalid(t *testing.T) {
	t.Parallel()
	raw := []byte(object(t, "ssh-ed25519.commit"))
	// The namespace is a string of three bytes in the blob: "git" in base64, at
	// whichever of three places it starts.
	changed := false
	for _, pair := range [][2]string{{"Z2l0", "Z2l1"}, {"dpdA", "dpdQ"}, {"naXQ", "naXU"}} {
		if other := bytes.Replace(raw, []byte(pair[0]), []byte(pair[1]), 1); !bytes.Equal(other, raw) {
			raw, changed = other, true
			break
		}
	}
	_, err := allSigners(t).Commit(raw, false, now(t))
	if !changed || !errors.Is(err, signature.ErrInvalid) {
		t.Errorf("changed %v: %v", changed, err)
	}
}

func TestLoadReportsInvalidFilesOfSigners(t *testing.T) {
	t.Parallel()
	key := strings.SplitN(strings.SplitN(object(t, "allowed_signers"), "\n", 2)[0], " ", 2)[1]
	for text, want := range map[string]string{
		"":                                      "no signer found for git",
		"# comment\n\n":                         "no signer found for git",
		"ada namespaces=\"file\" " + key:        "no signer found for git",
		"ada namespaces=\"*,!git\" " + key:      "no signer found for git",
		"ada\n" + key + "\n":                    "line 1: expected principals",
		"ada cert-authority " + key:             "line 1: certificates are not supported",
		"# c\nada valid-before=\"soon\" " + key: "line 2: valid-before must be a time",
		"ada no-such-option " + key:             "line 1: unknown option no-such-option",
		"ada ssh-ed25519 AAAA":                  "line 1: expected principals",
	} {
		path := filepath.Join(t.TempDir(), "allowed_signers")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := signature.Load(signature.Keys{SSHAllowedSigners: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		if _, err = signature.Load(signature.Keys{OpenPGP: []string{path}}); err == nil || !strings.Contains(err.Error(), "no OpenPGP public key found") {
			t.Errorf("%q as OpenPGP: %v", text, err)
		}
	}
	if _, err := signature.Load(signature.Keys{SSHAllowedSigners: "/nonexistent"}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFIFOInPlaceOfAFileOfSignersIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, keys := range []signature.Keys{{SSHAllowedSigners: fifo}, {OpenPGP: []string{fifo}}} {
		if _, err := signature.Load(keys); err == nil || !strings.Contains(err.Error(), "read "+fifo+": not a regular file") {
			t.Errorf("%+v: %v", keys, err)
		}
	}
}
