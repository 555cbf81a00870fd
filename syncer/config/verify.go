// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Verify is who must sign what a source applies. If any field is set, one of the keys
// must have signed the commit that the branch points to; for a source that follows a tag,
// the tag object, or the commit of a lightweight tag. Otherwise nothing is applied.
// Signatures of earlier commits are not checked. A signature does not name a repository:
// see History.
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

// defaultHistory refuses a commit of another history where signatures are required: a
// signature is not bound to a repository, nor to a time, so it is valid for an earlier
// commit and for one of another repository, too.
func (s Source) defaultHistory() plan.HistoryPolicy {
	if s.Verify.Required() {
		return plan.RefuseHistory
	}
	return plan.FollowHistory
}

// files are the paths of a Verify.
func (v *Verify) files() []*string {
	out := []*string{&v.SSHAllowedSigners}
	for i := range v.OpenPGPKeys {
		out = append(out, &v.OpenPGPKeys[i])
	}
	return out
}
