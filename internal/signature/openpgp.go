// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

const beginPGP = "-----BEGIN PGP SIGNATURE-----"

// parseKeys reads public keys, armored or not.
func parseKeys(file string, data []byte) (openpgp.EntityList, error) {
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(data))
	if err != nil {
		keys, err = openpgp.ReadKeyRing(bytes.NewReader(data))
	}
	if err != nil || len(keys) == 0 {
		return nil, fmt.Errorf("%s: no OpenPGP public key found", conffile.Display(file))
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
	signer, err := openpgp.CheckArmoredDetachedSignature(v.keys, bytes.NewReader(s.payload), bytes.NewReader(s.signature), config)
	switch {
	case err == nil && signer != nil:
		return nameOf(signer), nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", fmt.Errorf("%w: OpenPGP key%s is not in any of verify.openpgp_keys", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return "", fmt.Errorf("%w: OpenPGP key%s or its signature has expired; sign a new commit with a valid key", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return "", fmt.Errorf("%w: OpenPGP key%s is revoked", ErrUntrusted, issuer(s))
	default:
		return "", fmt.Errorf("%w: the signature does not match the content, or is damaged", ErrInvalid)
	}
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
		return gitcommand.Truncate(gitcommand.Printable(identity.Name)) + " (" + name + ")"
	}
	return name
}
