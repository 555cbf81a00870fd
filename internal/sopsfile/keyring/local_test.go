// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	agearmor "filippo.io/age/armor"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"
)

func sshFile(t *testing.T, key crypto.PrivateKey, passphrase string) string {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "canary comment")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "canary comment", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "id", string(pem.EncodeToMemory(block)))
}

func TestSSHKeysAreAgeIdentities(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte(rand.Text() + rand.Text())[:32]
	for _, key := range []crypto.Signer{ed, strong} {
		keys := mustLoad(t, Config{Age: []string{sshFile(t, key, ""), writeFile(t, "age", newIdentity(t).String())}})
		public := keys.Available()[0]
		recipient, err := agessh.ParseRecipient(public)
		if err != nil || !strings.HasPrefix(public, "ssh-") || strings.Contains(public, "canary") {
			t.Fatalf("available %q: %v", public, err)
		}
		var text bytes.Buffer
		armored := agearmor.NewWriter(&text)
		body, err := age.Encrypt(armored, recipient)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = body.Write(want)
		if err := errors.Join(body.Close(), armored.Close()); err != nil {
			t.Fatal(err)
		}
		entry := Wrapped{Kind: Age, ID: public + " someone@laptop", Text: text.Bytes()}
		if opened, err := keys.Open(t.Context(), entry); err != nil || !bytes.Equal(opened, want) {
			t.Errorf("%s: %v", public, err)
		}
		entry.Text = entry.Text[:len(entry.Text)/2]
		if _, err := keys.Open(t.Context(), entry); !errors.Is(err, ErrDamaged) {
			t.Errorf("damaged: got %v", err)
		}
	}
	weak, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for path, sentence := range map[string]string{
		sshFile(t, ed, "canary"): "the SSH key is protected with a passphrase",
		sshFile(t, weak, ""):     "not an SSH private key of a type that age supports",
		writeFile(t, "k", "-----BEGIN OPENSSH PRIVATE KEY-----\nY2FuYXJ5\n"): "not an SSH private key of a type that age supports",
	} {
		_, err := load(Config{Age: []string{path}})
		if err == nil || !strings.Contains(err.Error(), sentence) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %q", err, sentence)
		}
	}
}

// pgpKey makes a key, and the file of its secret part.
func pgpKey(t *testing.T, passphrase string, armored bool) (*openpgp.Entity, string) {
	t.Helper()
	entity, err := openpgp.NewEntity("Sync", "", "sync@example.com", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := entity.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
			t.Fatal(err)
		}
	}
	return entity, pgpFile(t, entity, armored)
}

// pgpFile is the file of the secret part of a key.
func pgpFile(t *testing.T, entity *openpgp.Entity, armored bool) string {
	t.Helper()
	var err error
	var out bytes.Buffer
	var w io.WriteCloser = nopCloser{&out}
	if armored {
		if w, err = armor.Encode(&out, openpgp.PrivateKeyType, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entity.SerializePrivateWithoutSigning(w, nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "secring", out.String())
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func pgpMessage(t *testing.T, content []byte, open func(w io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	text, err := armor.Encode(&out, "PGP MESSAGE", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = body.Write(content)
	if err := errors.Join(body.Close(), text.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestEveryBlockOfAPGPFileIsRead: two exports in one file.
func TestEveryBlockOfAPGPFileIsRead(t *testing.T) {
	t.Parallel()
	var both string
	var want []string
	for range 2 {
		entity, path := pgpKey(t, "", true)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		both += string(text) + "\n"
		want = append(want, recipient(PGP, hex.EncodeToString(entity.PrimaryKey.Fingerprint)))
	}
	if keys := mustLoad(t, Config{PGP: []string{writeFile(t, "both", both)}}); !slices.Equal(keys.Available(), want) {
		t.Errorf("available %q, want %q", keys.Available(), want)
	}
}

func TestAWeakPGPKeyIsRefused(t *testing.T) {
	t.Parallel()
	weak, err := openpgp.NewEntity("Sync", "", "sync@example.com", &packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 1024})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := load(Config{PGP: []string{pgpFile(t, weak, true)}}); err == nil || !strings.Contains(err.Error(), "RSA with 1024 bits; encrypt the files for a modern key, such as one of age, or of RSA with at least 2048 bits") {
		t.Errorf("got %v", err)
	}
	modern, err := openpgp.NewEntity("Sync", "", "sync@example.com", &packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048})
	if err != nil {
		t.Fatal(err)
	}
	mustLoad(t, Config{PGP: []string{pgpFile(t, modern, true)}})
}

func TestPGPKeysDecryptEntries(t *testing.T) {
	t.Parallel()
	want := []byte(rand.Text() + rand.Text())[:32]
	for _, armored := range []bool{true, false} {
		entity, path := pgpKey(t, "", armored)
		fingerprint := strings.ToUpper(hex.EncodeToString(entity.PrimaryKey.Fingerprint))
		keys := mustLoad(t, Config{PGP: []string{path}})
		if !slices.Equal(keys.Available(), []string{"pgp " + fingerprint}) {
			t.Errorf("available %q", keys.Available())
		}
		to := func(to *openpgp.Entity) func(io.Writer) (io.WriteCloser, error) {
			return func(w io.Writer) (io.WriteCloser, error) {
				return openpgp.Encrypt(w, []*openpgp.Entity{to}, nil, nil, nil)
			}
		}
		entry := Wrapped{Kind: PGP, ID: fingerprint, Text: pgpMessage(t, want, to(entity))}
		if opened, err := keys.Open(t.Context(), entry); err != nil || !bytes.Equal(opened, want) {
			t.Errorf("got %v", err)
		}
		stranger, _ := pgpKey(t, "", true)
		damagedEntry := slices.Clone(entry.Text)
		damagedEntry[len(damagedEntry)/2] ^= 1
		for name, text := range map[string][]byte{
			"for another key": pgpMessage(t, want, to(stranger)),
			"too long":        pgpMessage(t, bytes.Repeat(want, 100), to(entity)),
			"not sealed":      pgpMessage(t, want, func(w io.Writer) (io.WriteCloser, error) { return packet.SerializeLiteral(nopCloser{w}, true, "", 0) }),
			"a passphrase": pgpMessage(t, want, func(w io.Writer) (io.WriteCloser, error) {
				return openpgp.SymmetricallyEncrypt(w, []byte("p"), nil, nil)
			}),
			"damaged":   damagedEntry,
			"no armour": []byte("canary"),
		} {
			if _, err := keys.Open(t.Context(), Wrapped{Kind: PGP, ID: fingerprint, Text: text}); !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if _, err := keys.Open(t.Context(), Wrapped{Kind: PGP, ID: "85D77543B3D624B63CEA9E6DBC17301B491B3F21", Text: pgpMessage(t, want, to(stranger))}); !errors.Is(err, ErrNoAvailableKey) {
			t.Errorf("a stranger's: got %v", err)
		}
	}
}

func TestInvalidPGPFilesAreRefused(t *testing.T) {
	t.Parallel()
	_, protected := pgpKey(t, "canary", true)
	entity, _ := pgpKey(t, "", true)
	var public bytes.Buffer
	if err := entity.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	for path, sentence := range map[string]string{
		protected:                                "the PGP key is protected with a passphrase",
		writeFile(t, "public", public.String()):  "only a public key found",
		writeFile(t, "text", "canary"):           "not a file of secret PGP keys",
		writeFile(t, "empty", ""):                "not a file of secret PGP keys",
		writeFile(t, "cut", public.String()[:9]): "not a file of secret PGP keys",
		"/none/secring":                          "no such file or directory. Hint: correct the path, or export the key with gpg",
	} {
		_, err := load(Config{PGP: []string{path}})
		if err == nil || !strings.Contains(err.Error(), sentence) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %q", err, sentence)
		}
	}
}

func TestEntryIsForARecipientHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		entry Wrapped
		text  string
		want  bool
	}{
		{Wrapped{Kind: Age, ID: "age1x"}, "age1x", true},
		{Wrapped{Kind: Age, ID: "age1x"}, "age1y", false},
		{Wrapped{Kind: Age, ID: "ssh-ed25519 AAAA"}, "ssh-ed25519 AAAA ada@host", true},
		{Wrapped{Kind: PGP, ID: "85D77543B3D624B6"}, "85d7 7543 b3d6 24b6", true},
		{Wrapped{Kind: PGP, ID: "85D77543B3D624B6"}, "pgp 85D77543B3D624B6", true},
		{Wrapped{Kind: AWS, ID: awsARN}, awsARN, true},
		{Wrapped{Kind: AWS, ID: awsARN}, "kms " + awsARN, true},
		{Wrapped{Kind: AWS, ID: awsARN}, "", false},
	} {
		if got := row.entry.For(row.text); got != row.want {
			t.Errorf("%s for %q: %t", row.entry.Recipient(), row.text, got)
		}
	}
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  Config
		want []string
	}{
		"none":      {Config{}, nil},
		"AWS bare":  {Config{AWSKMS: &AWSKMS{}}, []string{"aws_kms.keys is required", "aws_kms must have exactly one of credentials_file and ambient"}},
		"AWS both":  {Config{AWSKMS: &AWSKMS{Keys: []string{awsARN}, Ambient: true, CredentialsFile: "f"}}, []string{"must have exactly one of"}},
		"AWS key":   {Config{AWSKMS: &AWSKMS{Keys: []string{"alias/x"}, Ambient: true}}, []string{"aws_kms.keys[0] must be"}},
		"AWS clear": {Config{AWSKMS: &AWSKMS{Keys: []string{awsARN}, Ambient: true, Endpoint: "http://kms.example.com"}}, []string{"aws_kms.endpoint must be an https:// URL"}},
		"AWS here":  {Config{AWSKMS: &AWSKMS{Keys: []string{awsARN}, Ambient: true, Endpoint: "http://127.0.0.1:4566"}}, nil},
		"GCP key":   {Config{GCPKMS: &GCPKMS{Keys: []string{"projects/p/locations/../keyRings/r/cryptoKeys/k"}, Ambient: true}}, []string{"gcp_kms.keys[0] must be"}},
		"Azure":     {Config{AzureKeyVault: &AzureKeyVault{Keys: []string{azureURL}, TenantID: "t"}}, []string{"must have tenant_id, client_id and client_secret_file"}},
		"clouds":    {Config{AzureKeyVault: &AzureKeyVault{Keys: []string{azureURL, "https://x.vault.azure.cn/keys/k"}, Ambient: true}}, []string{"must be in one cloud"}},
		"Azure key": {Config{AzureKeyVault: &AzureKeyVault{Keys: []string{"https://x.vault.azure.net/keys/k?x=1"}, Ambient: true}}, []string{"azure_key_vault.keys[0] must be"}},
		"transit clear": {Config{VaultTransit: []VaultTransit{
			{Address: "http://v.example.com:8200", Keys: []string{"a"}, TokenFile: "f"},
			{Address: "https://v.example.com", Endpoint: "http://10.0.0.1:8200", Keys: []string{"b"}, TokenFile: "f"},
			{Address: "http://v.example.com:8200", Endpoint: "https://v.example.com", Keys: []string{"c"}, TokenFile: "f"},
			{Address: "http://v.example.com:8200", AllowHTTP: true, Keys: []string{"d"}, TokenFile: "f"},
		}}, []string{"vault_transit[0].address must begin with https://", "vault_transit[1].endpoint must begin with https://"}},
		"transit": {Config{VaultTransit: []VaultTransit{{}}}, []string{"vault_transit[0].address must be", "vault_transit[0].keys is required", "token_file is required"}},
		"transit paths": {
			Config{VaultTransit: []VaultTransit{{Address: "https://v/x", Mount: "a/../b", Keys: []string{"../k"}, TokenFile: "f"}}},
			[]string{"address must be", "mount must be", "keys[0] must be"},
		},
		"transit twice": {
			Config{VaultTransit: []VaultTransit{{Address: vaultAddr, Keys: []string{"k"}, TokenFile: "f"}, {Address: vaultAddr + "/", Keys: []string{"k"}, TokenFile: "f"}}},
			[]string{"vault_transit[1].keys: duplicate key "},
		},
	} {
		problems := test.cfg.Problems()
		if len(problems) != len(test.want) {
			t.Errorf("%s: got %v", name, problems)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(problems[i].Error(), want) {
				t.Errorf("%s: got %q, want %q", name, problems[i].Error(), want)
			}
		}
	}
}
