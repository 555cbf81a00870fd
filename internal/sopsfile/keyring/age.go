// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// forNewKey completes the advice to create a key.
const forNewKey = ", add its public key to .sops.yaml, and run sops updatekeys on each file"

// loadAge reads age identities: one SSH private key, or X25519 and post-quantum
// ones, one a line, with empty lines and # comments. Plugins and files that are
// themselves encrypted are refused.
func (k *Keys) loadAge(path string) error {
	content, err := conffile.Read(path, conffile.MaxCredentialBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("age_keys: %w. Hint: correct the path, or create a key with age-keygen -o %s"+forNewKey, err, secrets.QuoteShell(path))
	}
	if err != nil {
		return fmt.Errorf("age_keys: %w", err)
	}
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("-----BEGIN ")) && !bytes.Contains(content, []byte("BEGIN AGE ENCRYPTED")) {
		if problem := k.addSSH(content); problem != "" {
			return fmt.Errorf("age_keys: %s: %s", conffile.Display(path), problem)
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
			errs = append(errs, fmt.Errorf("age_keys: %s, line %d: %s", conffile.Display(path), i+1, problem))
			break // in a file of another type every line is wrong
		}
	}
	if !found {
		errs = append(errs, fmt.Errorf("age_keys: %s: no key found; create one with age-keygen >>%s"+forNewKey, conffile.Display(path), secrets.QuoteShell(path)))
	}
	return errors.Join(errs...)
}

// addAge adds the identity in one line of a key file, or returns the problem.
func (k *Keys) addAge(line string) string {
	switch {
	case strings.HasPrefix(line, "age-encryption.org/") || strings.HasPrefix(line, "-----BEGIN AGE ENCRYPTED"):
		return "the key file is itself encrypted; decrypt it with age first"
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return "keys of age plugins are not supported, because plugins are other programs"
	case strings.HasPrefix(line, "age1") || strings.HasPrefix(line, "ssh-"):
		return "this is a public key; the private one begins with AGE-SECRET-KEY- or -----BEGIN"
	}
	identities, err := age.ParseIdentities(strings.NewReader(line))
	if err != nil || len(identities) != 1 {
		return "not an age key; expected a line that begins with AGE-SECRET-KEY-"
	}
	var public string
	switch identity := identities[0].(type) {
	case *age.X25519Identity:
		public = identity.Recipient().String()
	case *age.HybridIdentity:
		public = identity.Recipient().String()
	default:
		return "unsupported type of age key"
	}
	k.addIdentity(identities[0], public)
	return ""
}

// addSSH adds an SSH private key, or returns the problem. age supports ssh-ed25519 and
// ssh-rsa.
func (k *Keys) addSSH(content []byte) string {
	signer, err := ssh.ParsePrivateKey(content)
	if _, protected := errors.AsType[*ssh.PassphraseMissingError](err); protected {
		return "the SSH key is protected with a passphrase; copy it to a file that only this program can read, and remove the passphrase of the copy with ssh-keygen -p -f"
	}
	const unknown = "not an SSH private key of a type that age supports: ssh-ed25519, or ssh-rsa of 2048 bits or more"
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

// openAge does not use SOPS's age package: without a key it searches the environment
// and the home directory.
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

// notOpened returns whether no key is available for an entry, or the entry is damaged.
func (k *Keys) notOpened(w Wrapped) error {
	if slices.Contains(k.available, w.Recipient()) {
		return &Error{Recipient: w.Recipient(), Class: ErrDamaged}
	}
	return ErrNoAvailableKey
}

// readOpened reads to the end, because the ciphertext is authenticated only there.
func (k *Keys) readOpened(w Wrapped, opened io.Reader) ([]byte, error) {
	key, err := io.ReadAll(io.LimitReader(opened, maxKeyBytes+1))
	if err != nil {
		return nil, k.notOpened(w)
	}
	if len(key) == 0 || len(key) > maxKeyBytes {
		return nil, &Error{Recipient: w.Recipient(), Class: ErrDamaged, Detail: "it does not contain a data key"}
	}
	return key, nil
}
