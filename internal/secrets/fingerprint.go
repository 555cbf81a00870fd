// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

// fingerprintBytes is the part of a hash in a record: 128 bits, because a record shares
// 512 bytes with its other fields.
const fingerprintBytes = 16

// fingerprintText is base64url without padding; 16 bytes have one form in it.
var fingerprintText = base64.RawURLEncoding.Strict()

// EncodeFingerprint is the text of a fingerprint in a record: the first 16 bytes of a
// hash of at least that many, in base64url without padding.
func EncodeFingerprint(hash []byte) string {
	return fingerprintText.EncodeToString(hash[:fingerprintBytes])
}

func isFingerprint(text string) bool {
	raw, err := fingerprintText.DecodeString(text)
	return err == nil && len(raw) == fingerprintBytes
}

// canonicalFingerprint is the fingerprint as EncodeFingerprint writes it. Records of
// format 1 have it in hex. Any other text stays as it is.
func canonicalFingerprint(text string) string {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == fingerprintBytes {
		return EncodeFingerprint(raw)
	}
	return text
}

// ValueFingerprints are the fingerprints of one value under each key of FingerprintKeys,
// newest first; empty without a key.
type ValueFingerprints []string

// Newest is the fingerprint for a record, "" for none.
func (f ValueFingerprints) Newest() string {
	if len(f) == 0 {
		return ""
	}
	return f[0]
}

// Match reports whether one of them is the recorded fingerprint, so that the value is
// the one that was recorded.
func (f ValueFingerprints) Match(recorded string) bool {
	recorded = canonicalFingerprint(recorded)
	found := 0
	for _, one := range f {
		found |= subtle.ConstantTimeCompare([]byte(one), []byte(recorded))
	}
	return found == 1
}

// HMAC1 are the fingerprints of a value at an address (ARCHITECTURE.md, Fingerprints): the
// first 16 bytes of HMAC-SHA-256 under each key over LengthPrefixed("hmac1", mount,
// prefix, workflow, name, value), with the namespace before the mount if there is one.
// Equal fingerprints mean the same value at the same address; without the key they
// reveal nothing.
func (k FingerprintKeys) HMAC1(a Address, v Value) ValueFingerprints {
	if v.reveal == nil {
		return nil
	}
	return k.fingerprints(append(addressParts("hmac1", a), v.reveal())...)
}

// HMAC1Fields is HMAC1 of a connection whose pointer is at an address: over the names
// and values of all its fields, sorted by name.
func (k FingerprintKeys) HMAC1Fields(a Address, fields map[string]Value) ValueFingerprints {
	parts := addressParts("hmac1 of fields", a)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].reveal == nil {
			return nil
		}
		parts = append(parts, name, fields[name].reveal())
	}
	return k.fingerprints(parts...)
}

func addressParts(label string, a Address) []string {
	if a.Namespace == "" {
		return []string{label, a.Mount, a.Prefix, a.Group, a.Name}
	}
	return []string{label, a.Namespace, a.Mount, a.Prefix, a.Group, a.Name}
}

func (k FingerprintKeys) fingerprints(parts ...string) ValueFingerprints {
	var out ValueFingerprints
	for _, key := range k.keys {
		mac := hmac.New(sha256.New, key.reveal())
		mac.Write(LengthPrefixed(parts...))
		out = append(out, EncodeFingerprint(mac.Sum(nil)))
	}
	return out
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
