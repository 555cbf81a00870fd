// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import "github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"

// Keys are the decryption keys of one source.
type Keys = keyring.Keys

// LoadAgeKeys reads age identities from files as age-keygen writes them, X25519 or
// post-quantum, one a line, with empty lines and # comments, or from SSH private
// keys. Plugins and files that are themselves encrypted are refused. Every file must
// hold a key. The error lists all that is wrong, by file and line, without the
// content.
func LoadAgeKeys(paths ...string) (*Keys, error) {
	ring, err := keyring.New(keyring.Config{Age: paths})
	if err != nil {
		return nil, err
	}
	return ring.Load()
}
