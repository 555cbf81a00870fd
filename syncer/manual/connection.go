// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"os"
	"path/filepath"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Environment are the variables that Vault's own command line reads too, and the
// folder where "vault login" leaves a token.
type Environment struct {
	Get func(name string) string
	// Home is empty for none.
	Home string
}

// VaultSettings is how this person reaches Vault.
func (e Environment) VaultSettings() vaultclient.Settings {
	to := vaultclient.Settings{
		Address:       e.Get("VAULT_ADDR"),
		Namespace:     e.Get("VAULT_NAMESPACE"),
		Token:         e.Get("VAULT_TOKEN"),
		CACert:        e.Get("VAULT_CACERT"),
		CACertPEM:     e.Get("VAULT_CACERT_BYTES"),
		ClientCert:    e.Get("VAULT_CLIENT_CERT"),
		ClientKey:     e.Get("VAULT_CLIENT_KEY"),
		TLSServerName: e.Get("VAULT_TLS_SERVER_NAME"),
	}
	if to.CACertPEM != "" {
		to.CACert = "" // as Vault's own command line has it
	}
	if to.Token == "" && e.Home != "" {
		file := filepath.Join(e.Home, ".vault-token")
		if _, err := os.Stat(file); err == nil {
			to.TokenFile = file
		}
	}
	return to
}

// ReplaceCredentials puts the person's own token, where VAULT_TOKEN has one, in the place of the
// credentials of a configuration.
func (e Environment) ReplaceCredentials(to vaultclient.Settings) vaultclient.Settings {
	if token := e.Get("VAULT_TOKEN"); token != "" {
		to.Token, to.TokenFile, to.Login = token, "", nil
	}
	return to
}
