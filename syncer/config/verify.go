// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import "github.com/relay-secrets/terraform-provider-relay/internal/signature"

// Verify is who must sign what a source applies. If any field is set, one of the keys
// must have signed the commit that the branch points to; for a source that follows a tag,
// the tag object, or the commit of a lightweight tag. Otherwise nothing is applied.
// Signatures of earlier commits are not checked.
type Verify struct {
	// SSHAllowedSigners is a file as in ssh-keygen(1), "ALLOWED SIGNERS".
	SSHAllowedSigners string `yaml:"ssh_allowed_signers"`
	// OpenPGPKeys are files of public keys, armored or not.
	OpenPGPKeys []string `yaml:"openpgp_keys"`
}

// Keys returns the paths of the keys for package signature.
func (v Verify) Keys() signature.Keys {
	return signature.Keys{SSHAllowedSigners: v.SSHAllowedSigners, OpenPGP: v.OpenPGPKeys}
}

// Required reports whether the source requires a signature.
func (v Verify) Required() bool { return v.SSHAllowedSigners != "" || len(v.OpenPGPKeys) > 0 }

// files are the paths of a Verify.
func (v *Verify) files() []*string {
	out := []*string{&v.SSHAllowedSigners}
	for i := range v.OpenPGPKeys {
		out = append(out, &v.OpenPGPKeys[i])
	}
	return out
}
