// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// maxKeyFileBytes is far more than any set of keys for one source needs.
const maxKeyFileBytes = 64 << 10

// loadAge reads age identities: one SSH private key, or X25519 and post-quantum
// ones, one a line, with empty lines and # comments. Plugins and files that are
// themselves encrypted are refused.
func (k *Keys) loadAge(path string) error {
	content, mode, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("reading age keys: %w", err)
	}
	if mode.Perm()&0o004 != 0 {
		k.readable = append(k.readable, path)
	}
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("-----BEGIN ")) && !bytes.Contains(content, []byte("BEGIN AGE ENCRYPTED")) {
		if problem := k.addSSH(content); problem != "" {
			return fmt.Errorf("reading age keys: %s: %s", show(path), problem)
		}
		return nil
	}
	var errs []error
	found := false
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		found = true
		if problem := k.addAge(line); problem != "" {
			errs = append(errs, fmt.Errorf("reading age keys: %s, line %d: %s", show(path), i+1, problem))
			break // what follows in a file of another kind would only repeat it
		}
	}
	if !found {
		errs = append(errs, fmt.Errorf("reading age keys: %s holds no key; age-keygen writes one", show(path)))
	}
	return errors.Join(errs...)
}

// addAge takes one line of a key file, or says why not.
func (k *Keys) addAge(line string) string {
	switch {
	case strings.HasPrefix(line, "age-encryption.org/") || strings.HasPrefix(line, "-----BEGIN AGE ENCRYPTED"):
		return "the key file is itself encrypted; decrypt it with age first"
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return "keys of age plugins are not supported, they run other programs"
	case strings.HasPrefix(line, "age1") || strings.HasPrefix(line, "ssh-"):
		return "this is a public key; the private one begins with AGE-SECRET-KEY- or -----BEGIN"
	}
	identities, err := age.ParseIdentities(strings.NewReader(line))
	if err != nil || len(identities) != 1 {
		return "this is no age key; a line begins with AGE-SECRET-KEY-"
	}
	var public string
	switch identity := identities[0].(type) {
	case *age.X25519Identity:
		public = identity.Recipient().String()
	case *age.HybridIdentity:
		public = identity.Recipient().String()
	default:
		return "this kind of age key is not supported"
	}
	k.addIdentity(identities[0], public)
	return ""
}

// addSSH takes an SSH private key, or says why not. age uses ssh-ed25519 and ssh-rsa.
func (k *Keys) addSSH(content []byte) string {
	signer, err := ssh.ParsePrivateKey(content)
	if _, protected := errors.AsType[*ssh.PassphraseMissingError](err); protected {
		return "the SSH key is protected with a passphrase, which nobody is there to type; give a copy without one (ssh-keygen -p), readable by this program only"
	}
	const unknown = "this is no SSH private key of a kind that age uses, ssh-ed25519 or ssh-rsa of 2048 bits or more"
	if err != nil {
		return unknown
	}
	identity, err := agessh.ParseIdentity(content)
	if err != nil {
		return unknown
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	k.addIdentity(identity, public)
	return ""
}

func (k *Keys) addIdentity(identity age.Identity, public string) {
	if !slices.Contains(k.available, public) {
		k.identities = append(k.identities, identity)
		k.available = append(k.available, public)
	}
}

// openAge does not use SOPS's age package, which searches the environment and the
// home folder when it is given no key.
func (k *Keys) openAge(w Wrapped) ([]byte, error) {
	if len(k.identities) == 0 {
		return nil, ErrNoAvailableKey
	}
	opened, err := age.Decrypt(armor.NewReader(bytes.NewReader(w.Text)), k.identities...)
	if err != nil {
		return nil, k.notOpened(w)
	}
	return k.readOpened(w, opened)
}

// notOpened tells an entry for a key that is not there from one that is damaged.
func (k *Keys) notOpened(w Wrapped) error {
	if slices.Contains(k.available, w.Recipient()) {
		return &Error{Recipient: w.Recipient(), Class: ErrDamaged}
	}
	return ErrNoAvailableKey
}

// readOpened reads to the end, where the ciphertext's authentication is checked.
func (k *Keys) readOpened(w Wrapped, opened io.Reader) ([]byte, error) {
	key, err := io.ReadAll(io.LimitReader(opened, maxKeyBytes+1))
	if err != nil {
		return nil, k.notOpened(w)
	}
	if len(key) == 0 || len(key) > maxKeyBytes {
		return nil, &Error{Recipient: w.Recipient(), Class: ErrDamaged, Detail: "it holds no data key"}
	}
	return key, nil
}

// readKeyFile reads a regular file. Anything else could block, or never end.
func readKeyFile(path string) ([]byte, os.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a regular file", show(path))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }() // read only
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFileBytes+1))
	if err != nil {
		return nil, 0, err
	}
	if len(content) > maxKeyFileBytes {
		return nil, 0, fmt.Errorf("%s is larger than %d bytes", show(path), maxKeyFileBytes)
	}
	return content, info.Mode(), nil
}

var plainPath = regexp.MustCompile(`^[\p{L}\p{N}_./@-]+$`)

// show gives a path for a message, quoted where it could be mistaken for something
// else.
func show(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	return fmt.Sprintf("%q", path)
}
