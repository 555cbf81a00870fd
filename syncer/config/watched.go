// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

// SyncFiles are the files that a sync of the source depends on: credentials, keys,
// certificates and signers.
func (cfg *Config) SyncFiles(s Source) []string {
	v, keys := cfg.Vault, s.Keyring()
	paths := append(v.Login.files(), &v.TokenFile, &v.CACert, &v.ClientCert, &v.ClientKey, &cfg.FingerprintKeyFile,
		&s.Remote.TokenFile, &s.Remote.PasswordFile, &s.Remote.CACert, &s.Remote.SSHKey, &s.Remote.KnownHosts)
	paths = append(append(paths, keys.Files()...), s.Verify.files()...)
	var out []string
	for _, path := range paths {
		if *path != "" {
			out = append(out, *path)
		}
	}
	return out
}
