// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/azkv"
	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// entriesOf lists the entries of each key group. The key types of SOPS are only read,
// never used to decrypt.
func entriesOf(metadata sops.Metadata) [][]keyring.Wrapped {
	groups := make([][]keyring.Wrapped, len(metadata.KeyGroups))
	for i, group := range metadata.KeyGroups {
		for _, key := range group {
			groups[i] = append(groups[i], entryOf(key))
		}
	}
	return groups
}

// entryOf omits what a file must not select: roles and profiles.
func entryOf(key keys.MasterKey) keyring.Wrapped {
	entry := keyring.Wrapped{Kind: keyring.NotSupported, Text: key.EncryptedDataKey()}
	switch key := key.(type) {
	case *age.MasterKey:
		entry.Kind, entry.ID = keyring.Age, key.Recipient
	case *pgp.MasterKey:
		entry.Kind, entry.ID = keyring.PGP, key.Fingerprint
	case *kms.MasterKey:
		entry.Kind, entry.ID, entry.Context = keyring.AWS, key.Arn, map[string]string{}
		for name, value := range key.EncryptionContext {
			entry.Context[name] = *value
		}
	case *gcpkms.MasterKey:
		entry.Kind, entry.ID = keyring.GCP, key.ResourceID
	case *azkv.MasterKey:
		entry.Kind, entry.ID = keyring.Azure, key.ToString()
	case *hcvault.MasterKey:
		entry.Kind, entry.ID = keyring.Transit, keyring.TransitID(key.VaultAddress, key.EnginePath, key.KeyName)
	default:
		entry.ID = key.TypeToIdentifier() + " " + key.ToString()
	}
	return entry
}

// recipientsOf lists the recipients of the data key in the form of keyring.Keys.Available.
func recipientsOf(metadata sops.Metadata) []string {
	var all []string
	for _, group := range entriesOf(metadata) {
		all = append(all, recipientsIn(group)...)
	}
	return all
}

// Missing returns those of the recipients that the file is not encrypted for.
func (m *Manifest) Missing(recipients []string) []string {
	entries := slices.Concat(entriesOf(m.metadata)...)
	var missing []string
	for _, recipient := range recipients {
		if !slices.ContainsFunc(entries, func(e keyring.Wrapped) bool { return e.For(recipient) }) {
			missing = append(missing, showRecipient(recipient))
		}
	}
	return missing
}

func recipientsIn(group []keyring.Wrapped) []string {
	shown := make([]string, len(group))
	for i, entry := range group {
		shown[i] = showRecipient(entry.Recipient())
	}
	return shown
}
