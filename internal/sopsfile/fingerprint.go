// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// sops1 identifies the ciphertext of one secret: the first 16 bytes of
// SHA-256 over LengthPrefixed("sops1", path..., sealed); in a manifest the path is
// "workflows", workflow, name. It needs no key. Equal fingerprints are the same
// ciphertext at the same address; with different ones the value can have changed.
func sops1(path []string, sealed string) string {
	parts := slices.Concat([]string{"sops1"}, path, []string{sealed})
	sum := sha256.Sum256(secrets.LengthPrefixed(parts...))
	return secrets.EncodeFingerprint(sum[:])
}

// key1 identifies the data key of a file: the first 16 bytes of
// HMAC-SHA-256 of LengthPrefixed("key1") under it. With AES-GCM one ciphertext can be
// built that decrypts to two values under two keys, so equal ciphertexts are the same
// value only under the same key.
func key1(dataKey []byte) string {
	mac := hmac.New(sha256.New, dataKey)
	mac.Write(secrets.LengthPrefixed("key1"))
	return secrets.EncodeFingerprint(mac.Sum(nil))
}

// ConnectionSOPS1 is the fingerprint of all fields of one connection, whatever their
// order in the file.
func ConnectionSOPS1(fields []Leaf) string {
	sorted := slices.SortedFunc(slices.Values(fields), func(a, b Leaf) int { return strings.Compare(a.Name, b.Name) })
	parts := []string{"sops1 of fields"}
	for _, field := range sorted {
		parts = append(parts, field.Name, field.SOPS1)
	}
	sum := sha256.Sum256(secrets.LengthPrefixed(parts...))
	return secrets.EncodeFingerprint(sum[:])
}
