// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/pgpkeys"
)

const beginPGP = "-----BEGIN PGP SIGNATURE-----"

// parseKeys reads public keys.
func parseKeys(file string, data []byte) (openpgp.EntityList, error) {
	keys, err := pgpkeys.Read(data)
	if errors.Is(err, pgpkeys.ErrNoKeys) {
		return nil, fmt.Errorf("%s: no OpenPGP public key found, or a block in it is damaged", conffile.Display(file))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", conffile.Display(file), err)
	}
	for _, key := range keys {
		if key.PrivateKey != nil {
			return nil, fmt.Errorf("%s: contains a private key; export only the public key (gpg --armor --export)", conffile.Display(file))
		}
	}
	return keys, nil
}

func (v *Verifier) openpgp(s signed, now time.Time) (string, error) {
	if v.keys == nil {
		return "", fmt.Errorf("%w: signed with an OpenPGP key, and verify.openpgp_keys is not set", ErrUntrusted)
	}
	config := &packet.Config{Time: func() time.Time { return now }}
	block, err := armor.Decode(bytes.NewReader(s.signature))
	if err != nil {
		return "", errPGPInvalid
	}
	made, signer, err := openpgp.VerifyDetachedSignature(v.keys, bytes.NewReader(s.payload), block.Body, config)
	switch {
	case err == nil && signer != nil:
		if weak := weakness(made, signer); weak != "" {
			return "", fmt.Errorf("%w: OpenPGP key%s: %s; sign with Ed25519, or with RSA of at least %d bits and SHA-256", ErrInvalid, issuer(s), weak, pgpkeys.MinBits)
		}
		return nameOf(signer), nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", fmt.Errorf("%w: OpenPGP key%s is not in any of verify.openpgp_keys", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return "", fmt.Errorf("%w: OpenPGP key%s or its signature has expired; sign a new commit with a valid key", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return "", fmt.Errorf("%w: OpenPGP key%s is revoked", ErrUntrusted, issuer(s))
	}
	return "", errPGPInvalid
}

var errPGPInvalid = fmt.Errorf("%w: the signature does not match the content, or is damaged", ErrInvalid)

// weakness is why a valid signature proves nothing: by its hash, or by the key that made it.
// It is empty if it proves who signed. The rules are those of SSH signatures.
func weakness(made *packet.Signature, signer *openpgp.Entity) string {
	switch made.Hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
	default:
		return "signed over a hash that can be forged, such as SHA-1"
	}
	keys := openpgp.EntityList{signer}.KeysById(issuerOf(made))
	if len(keys) == 0 {
		return "the signature does not name its key"
	}
	return pgpkeys.Weakness(keys[0].PublicKey)
}

func issuerOf(made *packet.Signature) uint64 {
	if made.IssuerKeyId == nil {
		return 0
	}
	return *made.IssuerKeyId
}

// issuer returns the key id in a signature, for messages only: it is not verified.
func issuer(s signed) string {
	block, err := armor.Decode(bytes.NewReader(s.signature))
	if err != nil {
		return ""
	}
	packets := packet.NewReader(block.Body)
	for {
		p, err := packets.Next()
		if err != nil {
			return ""
		}
		if made, is := p.(*packet.Signature); is && made.IssuerKeyId != nil {
			return fmt.Sprintf(" %016X", *made.IssuerKeyId)
		}
	}
}

func nameOf(e *openpgp.Entity) string {
	name := "OpenPGP key " + fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)
	if identity := e.PrimaryIdentity(); identity != nil {
		return foreign.Short(identity.Name) + " (" + name + ")"
	}
	return name
}
