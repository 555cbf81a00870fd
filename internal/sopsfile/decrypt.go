// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Secret is one decrypted leaf.
type Secret struct {
	Leaf
	Value secrets.Value
	// Key1 is the fingerprint of the file's data key, the same for all
	// secrets of a file until sops rotates it.
	Key1 string
}

// Unlocked is a manifest with its data key: what was found valid is decrypted again without
// parsing the file and without the keys. It contains no value, and prints no data key.
type Unlocked struct {
	manifest *Manifest
	dataKey  func() []byte // see secrets.Value
}

// Decrypt is Unlock and Unlocked.Decrypt.
func (m *Manifest) Decrypt(ctx context.Context, keys *Keys) ([]Secret, error) {
	u, err := m.Unlock(ctx, keys)
	if err != nil {
		return nil, err
	}
	return u.Decrypt()
}

// Unlock decrypts the data key of the file. Errors are a *NoKeyError, the context's, or a
// *Problems. It is safe for concurrent use.
func (m *Manifest) Unlock(ctx context.Context, keys *Keys) (u *Unlocked, err error) {
	defer m.recovered(&err)
	muteSOPS()
	dataKey, err := m.dataKey(ctx, keys)
	if err != nil {
		return nil, err
	}
	return &Unlocked{m, func() []byte { return dataKey }}, nil
}

// Decrypt decrypts all secrets, in the order of Leaves, and checks the MAC of the file.
// It returns all or none. The error is a *Problems: values that cannot be decrypted at
// their path, or a MAC that does not match. It is safe for concurrent use.
func (u *Unlocked) Decrypt() ([]Secret, error) {
	m, dataKey := u.manifest, u.dataKey()
	values, err := m.values(dataKey)
	if err != nil {
		return nil, err
	}
	opened := make([]Secret, len(values))
	for i, value := range values {
		opened[i] = Secret{Leaf: m.Leaves[i], Value: secrets.NewValue(value), Key1: key1(dataKey)}
	}
	return opened, nil
}

// recovered sets the error after a panic of SOPS, whose text can contain values.
func (m *Manifest) recovered(err *error) {
	if recover() != nil {
		problems := &Problems{File: m.Name}
		problems.add(0, nil, "%s", cannotOpen)
		*err = problems
	}
}

func (m *Manifest) values(dataKey []byte) (values []string, err error) {
	problems := &Problems{File: m.Name}
	defer m.recovered(&err)
	cipher := &opener{cipher: aes.NewCipher(), values: make(map[string]string, len(m.locations))}
	mac, err := m.tree().Decrypt(dataKey, cipher)
	if err != nil { // opener returns none; the text of SOPS can contain values
		problems.add(0, nil, "%s", cannotOpen)
		return nil, problems
	}
	if len(cipher.values) == 0 && len(m.metadata.KeyGroups) > 1 {
		return nil, m.partsProblem()
	}
	for i, p := range m.locations {
		value, found := cipher.values[p.authenticated()]
		if !found {
			problems.add(m.Leaves[i].Line, p.path(), "cannot be decrypted: it was moved from another workflow or name, comes from another file, or was edited by hand; "+repeatChange)
		}
		values = append(values, value)
	}
	if !problems.found() && !m.matches(mac, dataKey) {
		problems.add(m.macLine, []string{sopsKey, "mac"}, "does not match the file: a value was added, removed or put back outside sops, as a merge can do; "+repeatChange)
	}
	m.checkValues(values, problems)
	if problems.found() {
		return nil, problems
	}
	return values, nil
}

// checkValues reports placeholders, values of which sops may have lost a part, and values with line ends of Windows: SOPS encrypts
// the carriage return as part of the value, and no shell or library that reads dotenv
// files keeps it.
func (m *Manifest) checkValues(values []string, problems *Problems) {
	for i, value := range values {
		switch {
		case value == Placeholder:
			problems.add(m.Leaves[i].Line, m.locations[i].path(), "still has the placeholder of relay-sync new; set its value with sops edit, or remove it")
		case m.carriageReturns && strings.HasSuffix(value, "\r"):
			problems.add(m.Leaves[i].Line, m.locations[i].path(), "ends with a carriage return, because the plain text had line ends of Windows (CRLF); decrypt the file, convert it to LF, and encrypt it again")
		case m.openQuote != "" && opensQuote(value):
			problems.add(m.Leaves[i].Line, m.locations[i].path(), "begins with a quote that is not closed, %s", m.openQuote)
		}
	}
}

// opensQuote reports whether a value begins with a quote that it does not contain again.
func opensQuote(value string) bool {
	return value != "" && strings.ContainsAny(value[:1], "\"'`") && strings.Count(value, value[:1]) == 1
}

const cannotOpen = "cannot be decrypted by SOPS; " + restore

// tree is the manifest that SOPS decrypts: only the verified leaves, without comments
// and selectors. Verify has checked that SOPS encrypts every leaf.
func (m *Manifest) tree() sops.Tree {
	var root sops.TreeBranch
	for _, p := range m.locations {
		root = plant(root, p.path(), p.sealed)
	}
	return sops.Tree{Branches: sops.TreeBranches{root}}
}

// plant appends a leaf, in the order of the file.
func plant(branch sops.TreeBranch, path []string, sealed string) sops.TreeBranch {
	if len(path) == 1 {
		return append(branch, sops.TreeItem{Key: path[0], Value: sealed})
	}
	if last := len(branch) - 1; last < 0 || branch[last].Key != path[0] {
		branch = append(branch, sops.TreeItem{Key: path[0], Value: sops.TreeBranch{}})
	}
	item := &branch[len(branch)-1]
	item.Value = plant(item.Value.(sops.TreeBranch), path[1:], sealed)
	return branch
}

// matches compares the MAC of the decrypted tree with that in the file, which is
// authenticated together with the time in the file.
func (m *Manifest) matches(mac string, dataKey []byte) bool {
	sealed, additional := m.metadata.MessageAuthenticationCode, m.metadata.LastModified.Format(time.RFC3339)
	want, err := aes.NewCipher().Decrypt(sealed, dataKey, additional)
	expected, ok := want.(string)
	return err == nil && ok && subtle.ConstantTimeCompare([]byte(expected), []byte(mac)) == 1
}

// opener is the cipher of SOPS, but it continues after a value that cannot be decrypted,
// so that one call reports all of them. It keeps the values by authenticated path.
type opener struct {
	cipher aes.Cipher
	values map[string]string
}

// Decrypt implements sops.Cipher. An empty value counts as not decrypted: SOPS encrypts
// none. SOPS does not call it for a value in clear text, which has no value then.
func (o *opener) Decrypt(sealed string, key []byte, path string) (any, error) {
	value, err := o.cipher.Decrypt(sealed, key, path)
	if plain, ok := value.(string); ok && plain != "" && err == nil {
		o.values[path] = plain
	}
	return o.values[path], nil
}

// Encrypt implements sops.Cipher. Nothing is encrypted here.
func (o *opener) Encrypt(any, []byte, string) (string, error) {
	return "", errors.New("a manifest is only decrypted")
}
