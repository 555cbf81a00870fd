// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
)

func TestHookProblemsAreReportedWithTheirLine(t *testing.T) {
	t.Parallel()
	source := "sources:\n  - {name: shop, repository: shop, files: [a.yaml], workflows: [w], age_keys: [k]"
	rows := []struct{ name, config, want string }{
		{"an unknown provider", "listen_webhooks: ':1'\n" + source + ", webhook: {provider: gogs, secret_file: x}}", `line 5: sources[0].webhook.provider must be one of ["github"`},
		{"no secret", "listen_webhooks: ':1'\n" + source + ", webhook: {provider: github}}", "line 5: sources[0].webhook.secret_file is required"},
		{"no address", source + ", webhook: {provider: github, secret_file: x}}", "line 1: listen_webhooks is required"},
		{"no port", "listen_webhooks: host\n" + source + ", webhook: {provider: github, secret_file: x}}", "line 3: listen_webhooks must be an address and a port"},
		{"nothing to listen for", "listen_webhooks: ':1'\n" + source + "}", "line 3: listen_webhooks must not be set: no source has a webhook"},
		{"the address of the status", "listen_webhooks: ':1'\nlisten: ':1'\n" + source + ", webhook: {provider: github, secret_file: x}}", "line 3: listen_webhooks must be a different address"},
		{"a host with a port", "listen: ':1'\nhosts: [localhost, 'status.example.com:9460']\n" + source + "}", "line 4: hosts[1] must be a host name without a port"},
		{"an address as host", "listen: ':1'\nhosts: [10.0.0.1]\n" + source + "}", "line 4: hosts[0] must be a host name"},
		{"a pattern as host", "listen: ':1'\nhosts: ['*.example.com']\n" + source + "}", "line 4: hosts[0] must be a host name"},
		{"hosts of nothing", "hosts: [localhost]\n" + source + "}", "line 3: hosts must not be set without listen"},
		{"a lease without a namespace", "election: {lease: relay-sync}\n" + source + "}", "line 3: election.namespace must be"},
		{"something else to share", "election: {lease: relay-sync, namespace: prod, share: secrets}\n" + source + "}", "line 3: election.share must be sources, or unset"},
		{"a lease that cannot be a label", "election: {lease: " + strings.Repeat("a", 64) + ", namespace: prod, share: sources}\n" + source + "}", "line 3: election.lease must have at most 63 characters with share"},
		{"a target of two kinds", source + ", notify: [{github: {repository: a/b, token_file: t}, webhook: {url: 'https://x', secret_file: s}}]}", "line 4: sources[0].notify[0] must have exactly one of"},
		{"a token in clear", source + ", notify: [{gitea: {url: 'http://git.example.com', repository: a/b, token_file: t}}]}", "line 4: sources[0].notify[0].gitea.url must begin with https://"},
		{"too many targets", source + ", notify: [" + strings.Repeat("{github: {repository: a/b, token_file: t}}, ", 11) + "]}", "line 4: sources[0].notify must have at most 10 targets"},
	}
	for _, row := range rows {
		_, problems := parse([]byte("controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\n"+row.config), "/etc/relay")
		if len(problems) != 1 || !strings.HasPrefix(problems[0], row.want) {
			t.Errorf("%s: %q, want %q", row.name, problems, row.want)
		}
	}
	cfg, problems := parse([]byte("controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\nlisten_webhooks: ':1'\n"+source+", webhook: {provider: github, secret_file: hook}, notify: [{github: {repository: a/b, token_file: t}}]}"), "/etc/relay")
	if len(problems) > 0 || cfg.Sources[0].Webhook.SecretFile != "/etc/relay/hook" || cfg.Sources[0].Notify[0].GitHub.TokenFile != "/etc/relay/t" {
		t.Errorf("%q, or the path is not below the configuration's folder", problems)
	}
}
