// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
)

// environment provides the settings that the provider block does not set.
type environment struct {
	get func(name string) string
	// home is where "vault login" stores a token; empty for none.
	home string
}

// readEnvironment reads the environment variables of the process and removes those of
// Vault. The library for Vault's API would read them again, and fail on an invalid
// variable even if the provider block sets the value.
func readEnvironment() environment {
	variables := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
		if strings.HasPrefix(name, "VAULT_") {
			_ = os.Unsetenv(name) // cannot fail for a name from Environ
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return environment{get: func(name string) string { return variables[name] }, home: home}
}

// tokenFile returns the file in which "vault login" stores a token; empty if the
// file does not exist.
func (e environment) tokenFile() string {
	if e.home == "" {
		return ""
	}
	file := filepath.Join(e.home, ".vault-token")
	if _, err := os.Stat(file); err != nil {
		return "" // the check of the settings reports that no token is set
	}
	return file
}

// caCertificates returns the file or the text with the CA certificates. The block
// takes precedence over the environment, whichever of the two it sets. In the
// environment the text takes precedence, as in Vault's command line.
func caCertificates(file, text settingOrigin, env environment) (caFile, caText string) {
	caFile, caText = file.in(env), text.in(env)
	switch {
	case file.set() && text.set(): // the check of the settings refuses it
	case file.set():
		caText = ""
	case caText != "":
		caFile = ""
	}
	return caFile, caText
}
