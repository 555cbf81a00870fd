// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Secret is one opened leaf.
type Secret struct {
	Leaf
	Value secrets.Value
	// Key1 is the fingerprint of the file's data key, 32 hex digits, the same for all
	// secrets of a file until sops rotates it.
	Key1 string
}

// Decrypt opens every secret, in the order of Leaves, and checks the file's MAC. It
// is all or nothing. Errors are a *NoKeyError, the context's, or a *Problems: values
// that do not open where they stand, or a MAC that does not match. It may be called
// again and from several goroutines.
func (m *Manifest) Decrypt(ctx context.Context, keys *Keys) ([]Secret, error) {
	values, dataKey, err := m.open(ctx, keys)
	if err != nil {
		return nil, err
	}
	opened := make([]Secret, len(values))
	for i, value := range values {
		opened[i] = Secret{Leaf: m.Leaves[i], Value: secrets.NewValue(value), Key1: key1(dataKey)}
	}
	return opened, nil
}

func (m *Manifest) open(ctx context.Context, keys *Keys) (values []string, dataKey []byte, err error) {
	problems := &Problems{File: m.Name}
	defer func() {
		if recover() != nil { // what SOPS says there can hold values
			problems.add(0, nil, "%s", cannotOpen)
			values, dataKey, err = nil, nil, problems
		}
	}()
	muteSOPS()

	dataKey, err = m.dataKey(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	cipher := &opener{cipher: aes.NewCipher(), values: make(map[string]string, len(m.locations))}
	mac, err := m.tree().Decrypt(dataKey, cipher)
	if err != nil { // opener returns none, and SOPS's own text can hold values
		problems.add(0, nil, "%s", cannotOpen)
		return nil, nil, problems
	}
	if len(cipher.values) == 0 && len(m.metadata.KeyGroups) > 1 {
		return nil, nil, m.partsProblem()
	}
	for i, p := range m.locations {
		value, found := cipher.values[p.authenticated()]
		if !found {
			problems.add(m.Leaves[i].Line, p.path(), "does not open: it was moved from another workflow or name, comes from another file, or was edited by hand; set it again with sops")
		}
		values = append(values, value)
	}
	if !problems.found() && !m.matches(mac, dataKey) {
		problems.add(m.macLine, []string{sopsKey, "mac"}, "does not match the file: a value was added, removed or put back outside sops, as a merge can do; restore the file from git and repeat the change with sops edit")
	}
	if problems.found() {
		return nil, nil, problems
	}
	return values, dataKey, nil
}

const cannotOpen = "cannot be opened by SOPS; restore it from git, or encrypt it again"

// tree is the manifest as SOPS opens it: the verified leaves and nothing else, no
// comments, no selector. Verify has seen to it that SOPS encrypts every leaf.
func (m *Manifest) tree() sops.Tree {
	var root sops.TreeBranch
	for _, p := range m.locations {
		root = plant(root, p.path(), p.sealed)
	}
	return sops.Tree{Branches: sops.TreeBranches{root}}
}

// plant adds a leaf behind all others, as the file has it.
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

// matches compares the MAC of the opened tree with the one in the file, which is
// sealed together with the file's time.
func (m *Manifest) matches(mac string, dataKey []byte) bool {
	sealed, additional := m.metadata.MessageAuthenticationCode, m.metadata.LastModified.Format(time.RFC3339)
	want, err := aes.NewCipher().Decrypt(sealed, dataKey, additional)
	expected, ok := want.(string)
	return err == nil && ok && subtle.ConstantTimeCompare([]byte(expected), []byte(mac)) == 1
}

// opener is SOPS's cipher, except that it goes on after a value that does not open,
// so that one round names them all, and keeps what opened by authenticated path.
type opener struct {
	cipher aes.Cipher
	values map[string]string
}

// Decrypt implements sops.Cipher. An empty value counts as not opened: SOPS seals
// none. A text that SOPS would hand out as its own value never comes here, so that
// it has no value either.
func (o *opener) Decrypt(sealed string, key []byte, path string) (any, error) {
	value, err := o.cipher.Decrypt(sealed, key, path)
	if plain, ok := value.(string); ok && plain != "" && err == nil {
		o.values[path] = plain
	}
	return o.values[path], nil
}

// Encrypt implements sops.Cipher. Nothing is encrypted here.
func (o *opener) Encrypt(any, []byte, string) (string, error) {
	return "", errors.New("a manifest is only opened")
}
