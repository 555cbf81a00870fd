// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

const (
	// fingerprintKeyBytes is the least length of a fingerprint key.
	fingerprintKeyBytes = 32
	// maxFingerprintKeys bounds the work for each record and value.
	maxFingerprintKeys = 8
	// macKeyLabel derives the key for the MAC of records from a fingerprint key.
	macKeyLabel = "relay record mac1"
)

// FingerprintKeys are the operator's keys for fingerprints of plain texts and for the
// MAC of records, newest first. The first key makes them, and all keys verify them. The
// keys are never stored in Vault or in a state, and print as Redacted. The zero value
// has no key.
type FingerprintKeys struct {
	keys []fingerprintKey
}

// fingerprintKey is one key, and the key that is derived from it for MACs. A function
// keeps them out of every formatting.
type fingerprintKey struct {
	reveal, mac func() []byte
}

// NewFingerprintKeys takes keys of at least 32 bytes, newest first. The error wraps
// ErrInvalid and contains no key.
func NewFingerprintKeys(keys ...[]byte) (FingerprintKeys, error) {
	if len(keys) > maxFingerprintKeys {
		return FingerprintKeys{}, invalidf("%d fingerprint keys: at most %d are allowed; remove the oldest", len(keys), maxFingerprintKeys)
	}
	var out FingerprintKeys
	for i, key := range keys {
		if len(key) < fingerprintKeyBytes {
			return FingerprintKeys{}, invalidf("fingerprint key %d of %d has fewer than %d bytes; make one with: openssl rand -base64 32",
				i+1, len(keys), fingerprintKeyBytes)
		}
		for _, other := range keys[:i] {
			if bytes.Equal(key, other) {
				return FingerprintKeys{}, invalidf("duplicate fingerprint key: number %d of %d", i+1, len(keys))
			}
		}
		derived, err := hkdf.Key(sha256.New, key, nil, macKeyLabel, sha256.Size)
		if err != nil {
			return FingerprintKeys{}, fmt.Errorf("derive the key for records: %w", err)
		}
		out.keys = append(out.keys, fingerprintKey{
			reveal: func() []byte { return key }, mac: func() []byte { return derived },
		})
	}
	return out, nil
}

// Set reports whether there is a key.
func (k FingerprintKeys) Set() bool { return len(k.keys) > 0 }

// Format implements fmt.Formatter for every verb and flag.
func (FingerprintKeys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue implements slog.LogValuer.
func (FingerprintKeys) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (FingerprintKeys) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
