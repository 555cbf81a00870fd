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
		return nil, fmt.Errorf("%s holds no OpenPGP public key", file)
	}
	for _, key := range keys {
		if key.PrivateKey != nil {
			return nil, fmt.Errorf("%s holds a private key; export the public one (gpg --armor --export), and keep the other away from here", file)
		}
	}
	return keys, nil
}

func (v *Verifier) openpgp(s signed, now time.Time) (string, error) {
	if v.keys == nil {
		return "", fmt.Errorf("%w: it is signed with an OpenPGP key, and none are configured", ErrUntrusted)
	}
	config := &packet.Config{Time: func() time.Time { return now }}
	signer, err := openpgp.CheckArmoredDetachedSignature(v.keys, bytes.NewReader(s.payload), bytes.NewReader(s.signature), config)
	switch {
	case err == nil && signer != nil:
		return nameOf(signer), nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", fmt.Errorf("%w: it is signed with OpenPGP key%s, which is in none of the configured files", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return "", fmt.Errorf("%w: OpenPGP key%s has expired, or its signature has; commit again with a key that may sign", ErrUntrusted, issuer(s))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return "", fmt.Errorf("%w: OpenPGP key%s is revoked", ErrUntrusted, issuer(s))
	default:
		return "", fmt.Errorf("%w: it does not fit the content, or is damaged", ErrInvalid)
	}
}

// issuer names the key that a signature says it was made with.
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
