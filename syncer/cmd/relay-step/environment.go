// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"strings"
)

// environment is what this program reads of its environment, and no more: where Vault is and
// a token, as the vault command has them, and what GitHub Actions gives to a job. The flags
// --jwt-env and --secret-id-env name variables that other CI systems set.
type environment struct {
	// all is the whole environment, for the command.
	all []string
}

func (e environment) get(name string) string {
	for _, variable := range e.all {
		if found, value, _ := strings.Cut(variable, "="); found == name {
			return value
		}
	}
	return ""
}

// github reports whether a job of GitHub Actions runs this program.
func (e environment) github() bool { return e.get("GITHUB_ACTIONS") == "true" }

// credentials are the variables that log the job in. The command does not get them.
func (f *vaultFlags) credentials() []string {
	return []string{"VAULT_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", f.jwtEnv, f.secretIDEnv}
}

// takeEnvironment reads the environment, and removes Vault's variables from that of this
// process: the client library of Vault would read all of them by itself.
func takeEnvironment() environment {
	e := environment{all: os.Environ()}
	for _, variable := range e.all {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			_ = os.Unsetenv(name) // never fails for a name of Environ
		}
	}
	return e
}
