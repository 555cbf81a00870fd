// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
)

func TestRemoteAccessConfiguration(t *testing.T) {
	t.Parallel()
	const top = "controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\nlisten: ':9460'\nsources:\n" +
		"  - {name: a, repository: r, files: [x], workflows: [w], age_keys: [k]}\nremote_access: "
	for text, want := range map[string]string{
		`{listen: ":9464", cert_file: c, key_file: k, token_file: t}`: "",
		`{}`: "line 6: remote_access.listen is required; an address and a port",
		`{listen: "9464", cert_file: c, key_file: k, token_file: t}`:  "line 6: remote_access.listen is required; an address and a port",
		`{listen: ":9460", cert_file: c, key_file: k, token_file: t}`: "line 6: remote_access.listen must be a different address from listen",
		`{listen: ":9464", key_file: k, token_file: t}`:               "remote_access.cert_file is required",
		`{listen: ":9464", cert_file: c, token_file: t}`:              "remote_access.key_file is required",
		`{listen: ":9464", cert_file: c, key_file: k}`:                "remote_access.token_file is required",
	} {
		cfg, problems := parse([]byte(top+text+"\n"), "/etc/relay")
		got := strings.Join(problems, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
		if want != "" {
			continue
		}
		if r := cfg.RemoteAccess; r.CertFile != "/etc/relay/c" || r.KeyFile != "/etc/relay/k" || r.TokenFile != "/etc/relay/t" {
			t.Errorf("paths: %+v", r)
		}
		if got := cfg.HookFileProblems().Err(); got == nil || !strings.Contains(got.Error(), "remote_access.cert_file: read /etc/relay/c: no such file") ||
			!strings.Contains(got.Error(), "remote_access.token_file: read /etc/relay/t: no such file") {
			t.Errorf("files: %v", got)
		}
	}
}
