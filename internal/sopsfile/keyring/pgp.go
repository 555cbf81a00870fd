// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/pgpkeys"
)

// loadPGP reads secret keys as gpg --export-secret-keys writes them. It uses no gpg,
// no agent and no home directory.
func (k *Keys) loadPGP(path string) error {
	content, err := conffile.Read(path, conffile.MaxCredentialBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keys.pgp: %w. Hint: correct the path, or export the key with gpg --armor --export-secret-keys", err)
	}
	if err != nil {
		return fmt.Errorf("keys.pgp: %w", err)
	}
	ring, problem := parseRing(content)
	if problem != "" {
		return fmt.Errorf("keys.pgp: %s: %s", conffile.Display(path), problem)
	}
	for _, entity := range ring {
		if public := recipient(PGP, hex.EncodeToString(entity.PrimaryKey.Fingerprint)); !slices.Contains(k.available, public) {
			k.ring = append(k.ring, entity)
			k.available = append(k.available, public)
		}
	}
	return nil
}

// parseRing returns a keyring in which every decryption key is usable, or the
// problem.
func parseRing(content []byte) (ring openpgp.EntityList, problem string) {
	const unknown = "not a file of secret PGP keys; create one with gpg --armor --export-secret-keys"
	ring, err := pgpkeys.Read(content)
	switch {
	case errors.Is(err, pgpkeys.ErrOtherRevocation):
		return nil, err.Error()
	case err != nil:
		return nil, unknown
	}
	for _, entity := range ring {
		if len(openpgp.EntityList{entity}.DecryptionKeys()) == 0 && entity.PrivateKey == nil {
			return nil, "only a public key found; export the secret key with gpg --armor --export-secret-keys"
		}
		for _, key := range (openpgp.EntityList{entity}).DecryptionKeys() {
			switch weak := pgpkeys.Weakness(key.PublicKey); {
			case weak != "":
				return nil, fmt.Sprintf("%s; encrypt the files for a modern key, such as one of age, or of RSA with at least %d bits", weak, pgpkeys.MinBits)
			case key.PrivateKey == nil || key.PrivateKey.Dummy():
				return nil, "the secret part of a key is stored elsewhere, such as on a smart card"
			case key.PrivateKey.Encrypted:
				return nil, "the PGP key is protected with a passphrase; remove it in a copy of the keyring with gpg --change-passphrase, and export the key to a file that only this program can read"
			}
		}
	}
	return ring, ""
}

// openPGP tries every available key that the message names.
func (k *Keys) openPGP(w Wrapped) (key []byte, err error) {
	if len(k.ring) == 0 {
		return nil, ErrNoAvailableKey
	}
	defer func() {
		if recover() != nil { // the library can panic on damaged input
			key, err = nil, k.notOpenedPGP(w)
		}
	}()
	block, err := armor.Decode(bytes.NewReader(w.Text))
	if err != nil {
		return nil, k.notOpenedPGP(w)
	}
	message, err := openpgp.ReadMessage(block.Body, k.ring, nil, nil)
	if err != nil || !message.IsEncrypted {
		return nil, k.notOpenedPGP(w)
	}
	return k.readOpened(w, message.UnverifiedBody)
}

// notOpenedPGP is notOpened for a recipient that can be a subkey, or the end of a
// fingerprint.
func (k *Keys) notOpenedPGP(w Wrapped) error {
	wanted := strings.TrimPrefix(w.Recipient(), string(PGP)+" ")
	for _, entity := range k.ring {
		fingerprints := [][]byte{entity.PrimaryKey.Fingerprint}
		for _, subkey := range entity.Subkeys {
			fingerprints = append(fingerprints, subkey.PublicKey.Fingerprint)
		}
		for _, fingerprint := range fingerprints {
			if len(wanted) >= 16 && strings.HasSuffix(strings.ToUpper(hex.EncodeToString(fingerprint)), wanted) {
				return &Error{Recipient: w.Recipient(), Class: ErrDamaged}
			}
		}
	}
	return ErrNoAvailableKey
}
