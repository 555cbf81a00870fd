// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature_test

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
)

const payload = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@example.com> 1790000000 +0000\n"

// armored is a block of a type.
func armored(t *testing.T, kind string, write func(w *bytes.Buffer) error) string {
	t.Helper()
	var body, out bytes.Buffer
	if err := write(&body); err != nil {
		t.Fatal(err)
	}
	w, err := armor.Encode(&out, kind, nil)
	if err == nil {
		_, err = w.Write(body.Bytes())
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

// keyFile is a file of public keys.
func keyFile(t *testing.T, blocks ...string) signature.Keys {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.asc")
	if err := os.WriteFile(path, []byte(strings.Join(blocks, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return signature.Keys{OpenPGP: []string{path}}
}

func public(t *testing.T, e *openpgp.Entity) string {
	t.Helper()
	return armored(t, openpgp.PublicKeyType, func(w *bytes.Buffer) error { return e.Serialize(w) })
}

// signedBy is a commit that is signed by an OpenPGP key.
func signedBy(t *testing.T, e *openpgp.Entity, hash crypto.Hash) string {
	t.Helper()
	made := &packet.Signature{
		Version: 4, SigType: packet.SigTypeBinary, PubKeyAlgo: e.PrimaryKey.PubKeyAlgo, Hash: hash,
		CreationTime: time.Now(), IssuerKeyId: &e.PrimaryKey.KeyId,
	}
	text := hash.New()
	text.Write([]byte(payload + "\nmessage\n"))
	if err := made.Sign(text, e.PrivateKey, nil); err != nil {
		t.Fatal(err)
	}
	block := armored(t, openpgp.SignatureType, func(w *bytes.Buffer) error { return made.Serialize(w) })
	return payload + "gpgsig " + strings.ReplaceAll(strings.TrimSpace(block), "\n", "\n ") + "\n\nmessage\n"
}

func entity(t *testing.T, config packet.Config) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Ada", "", "ada@example.com", &config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestWeakOpenPGPSignaturesProveNothing: who can forge them can sign as anyone.
func TestWeakOpenPGPSignaturesProveNothing(t *testing.T) {
	t.Parallel()
	short := entity(t, packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 1024})
	long := entity(t, packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048})
	modern := entity(t, packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	for name, row := range map[string]struct {
		key  *openpgp.Entity
		hash crypto.Hash
		want string
	}{
		"RSA with 1024 bits": {short, crypto.SHA256, "RSA with 1024 bits"},
		"RSA with 2048 bits": {long, crypto.SHA256, ""},
		"Ed25519":            {modern, crypto.SHA512, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who, err := load(t, keyFile(t, public(t, row.key))).Commit([]byte(signedBy(t, row.key, row.hash)), false, time.Now())
			switch {
			case row.want == "" && (err != nil || !strings.HasPrefix(who, "Ada ")):
				t.Errorf("got %q, %v", who, err)
			case row.want != "" && (!errors.Is(err, signature.ErrInvalid) || !strings.Contains(err.Error(), row.want+"; sign with Ed25519, or with RSA of at least 2048 bits and SHA-256")):
				t.Errorf("got %q, %v, want a refusal with %q", who, err, row.want)
			}
		})
	}
	for name, want := range map[string]string{"sha1": "such as SHA-1", "dsa": "not accepted, DSA"} {
		keys := signature.Keys{OpenPGP: []string{"testdata/" + name + ".asc"}}
		if _, err := load(t, keys).Commit([]byte(object(t, "pgp-"+name+".commit")), false, time.Now()); !errors.Is(err, signature.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, want)
		}
	}
}

// TestEveryBlockOfAKeyFileCounts: keys of several persons, and a revocation behind its key, as
// gpg --gen-revoke makes it.
func TestEveryBlockOfAKeyFileCounts(t *testing.T) {
	t.Parallel()
	ada, brief := entity(t, packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}), entity(t, packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	two := keyFile(t, public(t, ada), public(t, brief))
	for _, key := range []*openpgp.Entity{ada, brief} {
		if _, err := load(t, two).Commit([]byte(signedBy(t, key, crypto.SHA256)), false, time.Now()); err != nil {
			t.Error(err)
		}
	}
	before := public(t, ada)
	if err := ada.RevokeKey(packet.KeyCompromised, "stolen", nil); err != nil {
		t.Fatal(err)
	}
	revocation := armored(t, openpgp.PublicKeyType, func(w *bytes.Buffer) error { return ada.Revocations[0].Serialize(w) })
	commit := []byte(signedBy(t, brief, crypto.SHA256))
	if _, err := load(t, keyFile(t, before, public(t, brief), revocation)).Commit(commit, false, time.Now()); err != nil {
		t.Errorf("the other key: %v", err)
	}
	ada.Revocations = nil // for signing
	if _, err := load(t, keyFile(t, before, public(t, brief), revocation)).Commit([]byte(signedBy(t, ada, crypto.SHA256)), false, time.Now()); !errors.Is(err, signature.ErrUntrusted) || !strings.Contains(err.Error(), "is revoked") {
		t.Errorf("a key that is revoked in another block: %v", err)
	}
	without := "contains a revocation of a key that is not in the file; add the key, or remove the revocation"
	if _, err := signature.Load(keyFile(t, public(t, brief), revocation)); err == nil || !strings.Contains(err.Error(), without) {
		t.Errorf("a revocation without its key: %v", err)
	}
	for name, keys := range map[string]signature.Keys{
		"a damaged block": keyFile(t, before, strings.Replace(public(t, brief), "\n\n", "\n\nAAAA", 1)),
	} {
		if _, err := signature.Load(keys); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
