// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Environment is the environment variables of the vault command, and the folder in
// which "vault login" stores a token.
type Environment struct {
	Get func(name string) string
	// Home is the home folder; empty for none.
	Home string
}

// VaultSettings returns the Vault settings of the environment.
func (e Environment) VaultSettings() vaultclient.Settings {
	settings := vaultclient.Settings{
		Address:       e.Get("VAULT_ADDR"),
		Namespace:     e.Get("VAULT_NAMESPACE"),
		Token:         e.Get("VAULT_TOKEN"),
		CACert:        e.Get("VAULT_CACERT"),
		CACertPEM:     e.Get("VAULT_CACERT_BYTES"),
		ClientCert:    e.Get("VAULT_CLIENT_CERT"),
		ClientKey:     e.Get("VAULT_CLIENT_KEY"),
		TLSServerName: e.Get("VAULT_TLS_SERVER_NAME"),
		Proxy:         cmp.Or(e.Get("VAULT_PROXY_ADDR"), e.Get("VAULT_HTTP_PROXY")),
	}
	if settings.CACertPEM != "" {
		settings.CACert = "" // the vault command has the same precedence
	}
	if settings.Token == "" && e.Home != "" {
		file := filepath.Join(e.Home, ".vault-token")
		if _, err := os.Stat(file); err == nil {
			settings.TokenFile = file
		}
	}
	return settings
}

// variables are the environment variables of settings, by the path of a problem.
var variables = map[string]string{
	"address": "VAULT_ADDR", "token": "VAULT_TOKEN", "token_file": ".vault-token",
	"ca_cert": "VAULT_CACERT", "ca_cert_pem": "VAULT_CACERT_BYTES", "client_cert": "VAULT_CLIENT_CERT",
	"proxy": "VAULT_PROXY_ADDR or VAULT_HTTP_PROXY",
}

// EnvironmentProblems returns what is wrong with the settings of an environment and with
// the files in them, by the names of the variables.
func EnvironmentProblems(settings vaultclient.Settings) problem.List {
	problems := settings.Check()
	for i, p := range problems {
		if p.Path == "token" && settings.Token == "" {
			problems[i].Text = "is required; set it, or run vault login"
		}
		problems[i].Path = cmp.Or(variables[p.Path], p.Path)
	}
	return problems
}

// ReplaceCredentials replaces the credentials of a configuration with VAULT_TOKEN, if
// it is set.
func (e Environment) ReplaceCredentials(settings vaultclient.Settings) vaultclient.Settings {
	if token := e.Get("VAULT_TOKEN"); token != "" {
		settings.Token, settings.TokenFile, settings.Login = token, "", nil
	}
	return settings
}
