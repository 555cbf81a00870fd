// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"filippo.io/age"
)

// Keys are the decryption keys of one source. They print as their public forms.
type Keys struct {
	identities []age.Identity
	held       []string
	readable   []string
}

// maxKeyFileBytes is far more than any set of keys for one source needs.
const maxKeyFileBytes = 64 << 10

// LoadAgeKeys reads age identities from files as age-keygen writes them, X25519 or
// post-quantum, one a line, with empty lines and # comments. Plugins, SSH keys and
// files that are themselves encrypted are refused. Every file must hold a key. The
// error lists all that is wrong, by file and line, without the content.
func LoadAgeKeys(paths ...string) (*Keys, error) {
	keys := &Keys{}
	var errs []error
	for _, path := range paths {
		errs = append(errs, keys.load(path))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return keys, nil
}

// Held lists the public forms of the keys, age1..., in the order they were read.
func (k *Keys) Held() []string { return slices.Clone(k.held) }

// ReadableByAll lists the key files that every user of the machine can read. It is
// for a warning: Kubernetes mounts secrets so by default, inside a container that has
// one user.
func (k *Keys) ReadableByAll() []string { return slices.Clone(k.readable) }

// Format implements fmt.Formatter for every verb and flag.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String implements fmt.Stringer.
func (k Keys) String() string {
	if len(k.held) == 0 {
		return "no key"
	}
	return strings.Join(k.held, ", ")
}

// LogValue implements slog.LogValuer.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k *Keys) load(path string) error {
	content, mode, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("reading age keys: %w", err)
	}
	if mode.Perm()&0o004 != 0 {
		k.readable = append(k.readable, path)
	}
	var errs []error
	found := false
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		found = true
		if problem := k.add(line); problem != "" {
			errs = append(errs, fmt.Errorf("reading age keys: %s, line %d: %s", show(path), i+1, problem))
			break // what follows in a file of another kind would only repeat it
		}
	}
	if !found {
		errs = append(errs, fmt.Errorf("reading age keys: %s holds no key; age-keygen writes one", show(path)))
	}
	return errors.Join(errs...)
}

// add takes one line of a key file, or says why not.
func (k *Keys) add(line string) string {
	switch {
	case strings.HasPrefix(line, "age-encryption.org/") || strings.HasPrefix(line, "-----BEGIN AGE ENCRYPTED"):
		return "the key file is itself encrypted; decrypt it with age first"
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return "keys of age plugins are not supported, they run other programs"
	case strings.HasPrefix(line, "age1"):
		return "this is a public key; the private one begins with AGE-SECRET-KEY-"
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
	if !slices.Contains(k.held, public) {
		k.identities = append(k.identities, identities[0])
		k.held = append(k.held, public)
	}
	return ""
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
