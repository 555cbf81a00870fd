// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// loadPGP reads secret keys as gpg --export-secret-keys writes them. No gpg, no
// agent and no home folder is asked.
func (k *Keys) loadPGP(path string) error {
	content, mode, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("reading PGP keys: %w", err)
	}
	if mode.Perm()&0o004 != 0 {
		k.readable = append(k.readable, path)
	}
	ring, problem := parseRing(content)
	if problem != "" {
		return fmt.Errorf("reading PGP keys: %s: %s", show(path), problem)
	}
	for _, entity := range ring {
		if public := recipient(PGP, hex.EncodeToString(entity.PrimaryKey.Fingerprint)); !slices.Contains(k.available, public) {
			k.ring = append(k.ring, entity)
			k.available = append(k.available, public)
		}
	}
	return nil
}

// parseRing reads a keyring in which every key that decrypts can be used, or says
// why not.
func parseRing(content []byte) (ring openpgp.EntityList, problem string) {
	const unknown = "this is no file of secret PGP keys; gpg --armor --export-secret-keys writes one"
	defer func() {
		if recover() != nil { // a parser of an old and large format
			ring, problem = nil, unknown
		}
	}()
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("-----BEGIN ")) {
		read = openpgp.ReadArmoredKeyRing
	}
	ring, err := read(bytes.NewReader(content))
	if err != nil || len(ring) == 0 {
		return nil, unknown
	}
	for _, entity := range ring {
		if len(openpgp.EntityList{entity}.DecryptionKeys()) == 0 && entity.PrivateKey == nil {
			return nil, "it holds a public key only; gpg --armor --export-secret-keys writes a secret one"
		}
		for _, key := range (openpgp.EntityList{entity}).DecryptionKeys() {
			switch {
			case key.PrivateKey == nil || key.PrivateKey.Dummy():
				return nil, "the secret part of a key in it is elsewhere, such as on a card"
			case key.PrivateKey.Encrypted:
				return nil, "the PGP key is protected with a passphrase, which nobody is there to type; export a copy without one, readable by this program only"
			}
		}
	}
	return ring, ""
}

// openPGP tries every held key that the message itself names.
func (k *Keys) openPGP(w Wrapped) (key []byte, err error) {
	if len(k.ring) == 0 {
		return nil, ErrNoAvailableKey
	}
	defer func() {
		if recover() != nil { // hostile text
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

// notOpenedPGP is notOpened for a recipient that may be named by a subkey or by the
// end of a fingerprint.
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
