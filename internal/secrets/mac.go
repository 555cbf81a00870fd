// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

const (
	// macField begins the MAC, which is the last field of a record.
	macField = " mac1="
	// macBytes is the length of the field in a record.
	macBytes = len(macField) + 22
)

// MAC is what the MAC of the observer's own record shows: a closed set.
type MAC int

const (
	// MACUnchecked: the observer has no key, or no record here.
	MACUnchecked MAC = iota
	// MACValid: the record is as the owner wrote it, under the newest key.
	MACValid
	// MACOlderKey: the same under a key that is not the newest.
	MACOlderKey
	// MACMissing: the record has no MAC, so that anyone with the writer policy may have
	// written it.
	MACMissing
	// MACInvalid: the record was changed, belongs to another address, or its key is not
	// among the keys.
	MACInvalid
)

// sign is the text of a record with its MAC as last field; without a key, the text alone.
func (k FingerprintKeys) sign(owner Owner, a Address, text string) string {
	if !k.Set() {
		return text
	}
	return text + macField + k.keys[0].mac1(owner, a, text)
}

// verify checks the MAC of the record of an owner at an address.
func (k FingerprintKeys) verify(owner Owner, a Address, record string) MAC {
	if !k.Set() {
		return MACUnchecked
	}
	at := strings.LastIndex(record, macField)
	if at < 0 {
		return MACMissing
	}
	text, mac := record[:at], record[at+len(macField):]
	for i, key := range k.keys {
		switch {
		case subtle.ConstantTimeCompare([]byte(key.mac1(owner, a, text)), []byte(mac)) == 0:
		case i == 0:
			return MACValid
		default:
			return MACOlderKey
		}
	}
	return MACInvalid
}

// mac1 is the first 16 bytes of HMAC-SHA-256 over LengthPrefixed("mac1", owner,
// namespace, mount, prefix, group, name, text), under the derived key. The text is byte for byte what
// the record contains before the MAC, so that the MAC also covers fields that this
// version does not know. The prefix distinguishes secrets from connections.
func (k fingerprintKey) mac1(owner Owner, a Address, text string) string {
	mac := hmac.New(sha256.New, k.mac())
	mac.Write(LengthPrefixed("mac1", string(owner), a.Namespace, a.Mount, a.Prefix, a.Group, a.Name, text))
	return EncodeFingerprint(mac.Sum(nil))
}
