// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// Keyring returns the configuration of all keys of the source.
func (s Source) Keyring() keyring.Config {
	cfg := s.Keys
	cfg.Age = s.AgeKeys
	return cfg
}

// publicKey is the form of each kind of recipient, also behind the name of its kind, as
// messages show it. The form of the keys of age plugins is theirs.
var publicKey = lazyregexp.New(`^([a-zA-Z_ ]+ )?(age1[0-9a-z]{20,}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]{20,}.*|([0-9A-Fa-f] ?){16,40}|arn:.+:kms:.+|projects/.+/cryptoKeys/.+|https?://.+)$`)

func (s Source) checkKeys(out *problem.List) {
	cfg := s.Keyring()
	out.AddIf(cfg.Empty(), "age_keys", "is required; files with the age keys of this source. Or set keys, with pgp, aws_kms, gcp_kms, azure_key_vault or vault_transit")
	out.AddList("keys", cfg.Problems())
	out.AddIf(len(s.Recipients) > sopsfile.MaxRecipients, "recipients", "must have at most %d keys, as many as a file", sopsfile.MaxRecipients)
	for i, recipient := range s.Recipients {
		at := problem.Index("recipients", i)
		out.AddIf(strings.TrimSpace(recipient) == "", at, "must be a public key")
		private := strings.HasPrefix(recipient, "AGE-SECRET-KEY-")
		out.AddIf(!private && strings.TrimSpace(recipient) != "" && !publicKey.MatchString(recipient), at,
			"must be a public key as .sops.yaml has it: age1..., ssh-ed25519 ..., a PGP fingerprint, arn:..., projects/... or https://...")
		out.AddIf(private, at, "must be the public key, age1...; this is the private key. Replace it, because others could read it")
	}
}
