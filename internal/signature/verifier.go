// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// The causes why an object is not accepted. Every error wraps one of them.
var (
	// ErrUnsigned is an object without a signature.
	ErrUnsigned = errors.New("not signed")
	// ErrInvalid is a signature that does not verify, or is of an unsupported form.
	ErrInvalid = errors.New("invalid signature")
	// ErrUntrusted is a valid signature by a key that may not sign now.
	ErrUntrusted = errors.New("untrusted signature")
)

const beginSMIME = "-----BEGIN SIGNED MESSAGE-----"

// Keys are the files that list the authorized signers. At least one is set.
type Keys struct {
	// SSHAllowedSigners is a file as in ssh-keygen(1), "ALLOWED SIGNERS"; empty for none.
	SSHAllowedSigners string
	// OpenPGP are files of public keys, armored or not.
	OpenPGP []string
}

// Verifier verifies signatures by the keys of the authorized signers.
type Verifier struct {
	signers *allowedSigners    // nil for none
	keys    openpgp.EntityList // nil for none
}

const maxFile = 1 << 20

// Load reads the files. The error names the file and its problem.
func Load(k Keys) (*Verifier, error) {
	v := &Verifier{}
	if k.SSHAllowedSigners != "" {
		data, err := conffile.Read(k.SSHAllowedSigners, maxFile)
		if err == nil {
			v.signers, err = parseSigners(k.SSHAllowedSigners, data)
		}
		if err != nil {
			return nil, fmt.Errorf("load the authorized signers: %w", err)
		}
	}
	for _, file := range k.OpenPGP {
		data, err := conffile.Read(file, maxFile)
		if err != nil {
			return nil, fmt.Errorf("load the authorized signers: %w", err)
		}
		keys, err := parseKeys(file, data)
		if err != nil {
			return nil, fmt.Errorf("load the authorized signers: %w", err)
		}
		v.keys = append(v.keys, keys...)
	}
	return v, nil
}

// Commit returns who signed a commit, given as git stores it. sha256 is true for a repository with SHA-256 object
// names. The keys must be valid at the time now.
func (v *Verifier) Commit(raw []byte, sha256 bool, now time.Time) (signer string, err error) {
	header := header1
	if sha256 {
		header = header256
	}
	s, err := splitCommit(raw, header)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return v.verify(s, now)
}

// Tag is Commit for a tag object, which must be that of the tag with this name.
func (v *Verifier) Tag(raw []byte, name string, now time.Time) (signer string, err error) {
	if signer, err = v.verify(splitTag(raw), now); err != nil {
		return "", err
	}
	return signer, checkName(raw, name)
}

// verify reads a signature from an untrusted object. The OpenPGP library panics on some of them (found by fuzzing); such
// a signature is invalid.
func (v *Verifier) verify(s signed, now time.Time) (signer string, err error) {
	defer func() {
		if recover() != nil {
			signer, err = "", fmt.Errorf("%w: the signature is damaged", ErrInvalid)
		}
	}()
	switch {
	case len(bytes.TrimSpace(s.signature)) == 0:
		return "", ErrUnsigned
	case bytes.HasPrefix(s.signature, []byte(beginSSH)):
		return v.ssh(s, now)
	case bytes.HasPrefix(s.signature, []byte(beginPGP)):
		return v.openpgp(s, now)
	default:
		return "", fmt.Errorf("%w: unsupported format; expected an SSH or OpenPGP signature", ErrInvalid)
	}
}
