// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// fingerprintVariable is the environment variable for fingerprint_key.
const fingerprintVariable = "RELAY_FINGERPRINT_KEY"

// errNoFingerprintKey is why detect_changes cannot work.
var errNoFingerprintKey = errors.New("detect_changes needs a fingerprint key: set the provider's fingerprint_key or " + fingerprintVariable)

// checkDetection refuses detect_changes without a key.
func (b *backend) checkDetection(detect types.Bool, diagnostics *diag.Diagnostics) {
	if detect.ValueBool() && !b.fingerprint.Set() && !b.fingerprintUnknown {
		diagnostics.AddAttributeError(path.Root("detect_changes"), "Cannot detect changes of the value", sentence(errNoFingerprintKey.Error()))
	}
}

// fingerprintComparison compares the fingerprint of a configured value with the
// recorded one.
type fingerprintComparison int

const (
	fingerprintSame    fingerprintComparison = iota
	fingerprintDiffers                       // another value, or none of the keys
	fingerprintMissing                       // the last write recorded none
	fingerprintUnknown                       // value or key is known only during the apply
)

// changed reports whether the value must be sent.
func (c fingerprintComparison) changed() bool {
	return c == fingerprintDiffers || c == fingerprintMissing
}

// fingerprintHint explains why a value is sent that may not have changed.
const fingerprintHint = "The last write recorded no fingerprint, so a change of the value cannot be detected. " +
	"This apply sends the value and records its fingerprint."

// compareFingerprint compares a configured value with a recorded fingerprint, under
// every key. It does not compare if detect is false or null, or if the value is null:
// the host passes null for a value under ignore_changes.
func (b *backend) compareFingerprint(detect types.Bool, address secrets.Address, value types.String, recorded string) fingerprintComparison {
	current := b.fingerprintsOf(address, value)
	switch {
	case value.IsNull():
		return fingerprintSame
	case detect.IsUnknown():
		return fingerprintUnknown
	case !detect.ValueBool():
		return fingerprintSame
	case len(current) == 0:
		return fingerprintUnknown
	case recorded == "":
		return fingerprintMissing
	case current.Match(recorded):
		return fingerprintSame
	}
	return fingerprintDiffers
}

// fingerprintOf returns the fingerprint of a configured value under the newest key;
// empty if there is no key, or if value or address are not known.
func (b *backend) fingerprintOf(address secrets.Address, value types.String) string {
	return b.fingerprintsOf(address, value).Newest()
}

// fingerprintsOf are the fingerprints of a configured value under all keys.
func (b *backend) fingerprintsOf(address secrets.Address, value types.String) secrets.ValueFingerprints {
	if value.IsNull() || value.IsUnknown() || address.Check() != nil {
		return nil
	}
	return b.fingerprint.HMAC1(address, secrets.NewValue(value.ValueString()))
}
