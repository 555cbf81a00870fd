// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	beginSSH  = "-----BEGIN SSH SIGNATURE-----"
	magic     = "SSHSIG"
	namespace = "git"
)

// blob is the content of a signature after its magic (PROTOCOL.sshsig, "Blob format").
type blob struct {
	Version                                              uint32
	PublicKey, Namespace, Reserved, HashAlgorithm, Value string
}

// message is what the key signs after the magic (PROTOCOL.sshsig, "Signed Data").
type message struct {
	Namespace, Reserved, HashAlgorithm, Hash string
}

func (v *Verifier) ssh(s signed, now time.Time) (string, error) {
	if v.signers == nil {
		return "", fmt.Errorf("%w: signed with an SSH key, and verify.ssh_allowed_signers is not set", ErrUntrusted)
	}
	key, err := checkSSH(s)
	if err != nil {
		return "", err
	}
	return v.signers.find(key, now)
}

// checkSSH verifies a signature and returns its key, authorized or not.
func checkSSH(s signed) (ssh.PublicKey, error) {
	block, rest := pem.Decode(s.signature)
	if block == nil || block.Type != "SSH SIGNATURE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%w: the armor is damaged", ErrInvalid)
	}
	content, is := bytes.CutPrefix(block.Bytes, []byte(magic))
	var b blob
	if !is || ssh.Unmarshal(content, &b) != nil || b.Version != 1 {
		return nil, fmt.Errorf("%w: unsupported version of SSH signature", ErrInvalid)
	}
	if b.Namespace != namespace {
		return nil, fmt.Errorf("%w: the signature is for another namespace than git", ErrInvalid)
	}
	var hash string
	switch b.HashAlgorithm {
	case "sha256":
		sum := sha256.Sum256(s.payload)
		hash = string(sum[:])
	case "sha512":
		sum := sha512.Sum512(s.payload)
		hash = string(sum[:])
	default:
		return nil, fmt.Errorf("%w: unsupported hash algorithm; expected SHA-256 or SHA-512", ErrInvalid)
	}
	return checkKey(b, append([]byte(magic), ssh.Marshal(message{b.Namespace, b.Reserved, b.HashAlgorithm, hash})...))
}

func checkKey(b blob, data []byte) (ssh.PublicKey, error) {
	key, err := ssh.ParsePublicKey([]byte(b.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("%w: unsupported type of key", ErrInvalid)
	}
	if _, is := key.(*ssh.Certificate); is {
		return nil, fmt.Errorf("%w: signed with a certificate, which is not supported", ErrInvalid)
	}
	var value ssh.Signature
	if ssh.Unmarshal([]byte(b.Value), &value) != nil || !acceptable(key.Type(), value.Format) {
		return nil, fmt.Errorf("%w: unsupported signature algorithm", ErrInvalid)
	}
	if key.Verify(data, &value) != nil {
		return nil, fmt.Errorf("%w: the signature does not match the content", ErrInvalid)
	}
	return key, nil
}

// acceptable refuses SHA-1 and DSA.
func acceptable(key, algorithm string) bool {
	switch key {
	case ssh.KeyAlgoRSA:
		return algorithm == ssh.KeyAlgoRSASHA256 || algorithm == ssh.KeyAlgoRSASHA512
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return algorithm == key
	}
	return false
}
