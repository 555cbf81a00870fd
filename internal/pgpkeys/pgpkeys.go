// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package pgpkeys

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// MinBits is the least length of an RSA or Elgamal key (NIST SP 800-131A).
const MinBits = 2048

// ErrNoKeys reports that a file has no key, or that a part of it cannot be read.
var ErrNoKeys = errors.New("no OpenPGP key found, or a block in the file is damaged")

// ErrOtherRevocation reports that a file revokes a key that is not in it.
var ErrOtherRevocation = errors.New("contains a revocation of a key that is not in the file; add the key, or remove the revocation")

// Read reads all keys of a file, armored or not. A file can have several armored blocks, also
// of revocations alone, as gpg --gen-revoke makes them; each revocation is added to its key.
// The errors are ErrNoKeys and ErrOtherRevocation.
func Read(data []byte) (keys openpgp.EntityList, err error) {
	defer func() {
		if recover() != nil { // the parser can panic on damaged input
			keys, err = nil, ErrNoKeys
		}
	}()
	keys, revocations, err := readBlocks(data)
	if err != nil || len(keys) == 0 {
		return nil, ErrNoKeys // the library's error can quote the content
	}
	for _, revocation := range revocations {
		if !revoke(keys, revocation) {
			return nil, ErrOtherRevocation
		}
	}
	return keys, nil
}

// Weakness is why a key protects nothing, or empty.
func Weakness(key *packet.PublicKey) string {
	switch key.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoRSAEncryptOnly:
		if bits, err := key.BitLength(); err != nil || bits < MinBits {
			return fmt.Sprintf("RSA with %d bits", bits)
		}
	case packet.PubKeyAlgoElGamal:
		if bits, err := key.BitLength(); err != nil || bits < MinBits {
			return fmt.Sprintf("Elgamal with %d bits", bits)
		}
	case packet.PubKeyAlgoDSA:
		return "a kind of key that is not accepted, DSA"
	}
	return ""
}

// readBlocks reads each armored block of a file, or the whole file if it is not armored.
func readBlocks(data []byte) (keys openpgp.EntityList, revocations []*packet.Signature, err error) {
	rest := bufio.NewReader(bytes.NewReader(data)) // which armor.Decode uses as it is, so it loses nothing after a block
	for blocks := 0; ; blocks++ {
		block, err := armor.Decode(rest)
		switch {
		case errors.Is(err, io.EOF) && blocks > 0:
			return keys, revocations, nil
		case err != nil && blocks == 0:
			keys, err = openpgp.ReadKeyRing(bytes.NewReader(data))
			return keys, nil, err
		case err != nil:
			return nil, nil, err
		}
		body, err := io.ReadAll(block.Body)
		if err != nil {
			return nil, nil, err
		}
		if first, err := packet.Read(bytes.NewReader(body)); err == nil {
			if revocation, is := first.(*packet.Signature); is {
				revocations = append(revocations, revocation)
				continue
			}
		}
		more, err := openpgp.ReadKeyRing(bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, more...)
	}
}

// revoke adds a revocation to the keys that it is for; false if none of them made it.
func revoke(keys openpgp.EntityList, revocation *packet.Signature) (found bool) {
	for _, key := range keys {
		if revocation.SigType == packet.SigTypeKeyRevocation && key.PrimaryKey.VerifyRevocationSignature(revocation) == nil {
			key.Revocations, found = append(key.Revocations, revocation), true
		}
	}
	return found
}
