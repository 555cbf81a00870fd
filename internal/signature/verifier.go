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

// Why an object is not accepted. Each is wrapped by an error that says more.
var (
	// ErrUnsigned means that there is no signature.
	ErrUnsigned = errors.New("it is not signed")
	// ErrInvalid means that there is one, and it is not good.
	ErrInvalid = errors.New("its signature is not good")
	// ErrUntrusted means that it is good, but not by a key that may sign now.
	ErrUntrusted = errors.New("its signature is not by anybody who may sign")
)

const beginSMIME = "-----BEGIN SIGNED MESSAGE-----"

// Keys are the files of those who may sign. At least one.
type Keys struct {
	// SSHAllowedSigners is a file as in ssh-keygen(1), "ALLOWED SIGNERS"; empty for none.
	SSHAllowedSigners string
	// OpenPGP are files of public keys, armored or not.
	OpenPGP []string
}

// Verifier knows who may sign.
type Verifier struct {
	signers *allowedSigners    // nil for none
	keys    openpgp.EntityList // nil for none
}

const maxFile = 1 << 20

// Load reads the files. The error names the file and what is wrong with it.
func Load(k Keys) (*Verifier, error) {
	v := &Verifier{}
	if k.SSHAllowedSigners != "" {
		data, err := conffile.Read(k.SSHAllowedSigners, maxFile)
		if err == nil {
			v.signers, err = parseSigners(k.SSHAllowedSigners, data)
		}
		if err != nil {
			return nil, fmt.Errorf("reading those who may sign: %w", err)
		}
	}
	for _, file := range k.OpenPGP {
		data, err := conffile.Read(file, maxFile)
		if err != nil {
			return nil, fmt.Errorf("reading those who may sign: %w", err)
		}
		keys, err := parseKeys(file, data)
		if err != nil {
			return nil, fmt.Errorf("reading those who may sign: %w", err)
		}
		v.keys = append(v.keys, keys...)
	}
	return v, nil
}

// Commit tells who signed a commit, given as git stores it. sha256 says that its repository names objects by SHA-256.
// now is when the keys must be valid.
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

// Tag is Commit for a tag object, which must be of the tag of this name.
func (v *Verifier) Tag(raw []byte, name string, now time.Time) (signer string, err error) {
	if signer, err = v.verify(splitTag(raw), now); err != nil {
		return "", err
	}
	return signer, checkName(raw, name)
}

// verify looks at a signature that anybody may have made up. The OpenPGP library panics on some of those (found by
// fuzzing), which must not be more than a signature that is not good.
func (v *Verifier) verify(s signed, now time.Time) (signer string, err error) {
	defer func() {
		if recover() != nil {
			signer, err = "", fmt.Errorf("%w: it is damaged", ErrInvalid)
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
		return "", fmt.Errorf("%w: it is neither of SSH nor of OpenPGP", ErrInvalid)
	}
}
