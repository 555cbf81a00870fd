// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import "testing"

// TestEnvironmentIsIgnored is not parallel: it sets variables that git and ssh read.
func TestEnvironmentIsIgnored(t *testing.T) {
	web, ssh := overHTTPS(t), overSSH(t)
	first, second := web.repo.Commit("main", "a.yaml", "1"), ssh.repo.Commit("main", "a.yaml", "1")
	for name, value := range map[string]string{
		"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
		"GIT_SSH_COMMAND": "false", "GIT_SSH": "/bin/false", "GIT_DIR": "/nonexistent", "GIT_SSL_NO_VERIFY": "1",
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.repositoryFormatVersion", "GIT_CONFIG_VALUE_0": "99",
		"GIT_ALLOW_PROTOCOL": "none", "SSH_AUTH_SOCK": "/nonexistent", "HOME": "/nonexistent", "SSL_CERT_FILE": "/nonexistent",
	} {
		t.Setenv(name, value)
	}
	web.update(true, first)
	ssh.update(true, second)
}
