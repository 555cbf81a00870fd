// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
)

// fingerprintKeyBytes is the least length of a fingerprint key.
const fingerprintKeyBytes = 32

// FingerprintKey is the operator's key for fingerprints of plain texts. It is
// never stored in Vault or in a state, and prints as Redacted.
type FingerprintKey struct {
	reveal func() []byte
}

// NewFingerprintKey takes a key of at least fingerprintKeyBytes. The error wraps
// ErrInvalid.
func NewFingerprintKey(key []byte) (FingerprintKey, error) {
	if len(key) < fingerprintKeyBytes {
		return FingerprintKey{}, invalidf("the fingerprint key has fewer than %d bytes; make one with: openssl rand -base64 32", fingerprintKeyBytes)
	}
	return FingerprintKey{reveal: func() []byte { return key }}, nil
}

// Set reports whether there is a key.
func (k FingerprintKey) Set() bool { return k.reveal != nil }

// Format implements fmt.Formatter for every verb and flag.
func (FingerprintKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue implements slog.LogValuer.
func (FingerprintKey) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (FingerprintKey) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// HMAC1 is the fingerprint of a value at an address (ARCHITECTURE.md, Fingerprints): the first 16
// bytes, in hex, of HMAC-SHA-256 under the key over LengthPrefixed("hmac1",
// mount, prefix, workflow, name, value). It is "" without a key. Equal fingerprints
// mean the same value at the same address; without the key they reveal nothing.
func (k FingerprintKey) HMAC1(a Address, v Value) string {
	if !k.Set() || v.reveal == nil {
		return ""
	}
	mac := hmac.New(sha256.New, k.reveal())
	mac.Write(LengthPrefixed("hmac1", a.Mount, a.Prefix, a.Group, a.Name, v.reveal()))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// HMAC1Fields is HMAC1 of a connection whose pointer is at an address: over the names
// and values of all its fields, sorted by name.
func (k FingerprintKey) HMAC1Fields(a Address, fields map[string]Value) string {
	if !k.Set() {
		return ""
	}
	parts := []string{"hmac1 of fields", a.Mount, a.Prefix, a.Group, a.Name}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].reveal == nil {
			return ""
		}
		parts = append(parts, name, fields[name].reveal())
	}
	mac := hmac.New(sha256.New, k.reveal())
	mac.Write(LengthPrefixed(parts...))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// LengthPrefixed joins parts so that no two lists of parts give the same bytes:
// the number of parts, then each part's length in bytes and the part. Numbers are
// eight bytes, big-endian. Records in Vault depend on it: a change needs a new
// name for every fingerprint.
func LengthPrefixed(parts ...string) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(len(parts)))
	for _, part := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
