// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopstest

import (
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/yaml"
	"github.com/getsops/sops/v3/version"
)

// Seal encrypts a YAML text for an age recipient, as "sops encrypt" does.
func Seal(t testing.TB, plain, recipient string) string {
	t.Helper()
	key, err := age.MasterKeyFromRecipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	store := yaml.NewStore(&config.YAMLStoreConfig{})
	branches, err := store.LoadPlainFile([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	tree := sops.Tree{Branches: branches, Metadata: sops.Metadata{
		KeyGroups: []sops.KeyGroup{{key}}, UnencryptedSuffix: sops.DefaultUnencryptedSuffix, Version: version.Version,
	}}
	dataKey, problems := tree.GenerateDataKey()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{DataKey: dataKey, Tree: &tree, Cipher: aes.NewCipher()}); err != nil {
		t.Fatal(err)
	}
	sealed, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed)
}
