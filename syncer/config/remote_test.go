// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

func TestRemoteConfiguration(t *testing.T) {
	t.Parallel()
	const top = "controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\nsources:\n  - {name: a, files: [x], workflows: [w], age_keys: [k], "
	for source, want := range map[string]string{
		`repository: "https://host/r"}`: "",
		`repository: "https://host/r", tag: v1, remote: {token_file: t, poll: 30s, max_mib: 100}}`: "",
		`repository: "git@host:r", remote: {ssh_key: k, known_hosts: h}}`:                          "",
		`repository: "git@host:r"}`:                               "line 4: sources[0].remote.ssh_key is required",
		`repository: "git@host:r", remote: {ssh_key: k}}`:         "line 4: sources[0].remote.known_hosts is required",
		`repository: "http://host/r"}`:                            "line 4: sources[0].repository: unsupported scheme http://: it is not encrypted",
		`repository: "https://u:canary@host/r"}`:                  "line 4: sources[0].repository: the repository's URL must not contain credentials",
		`repository: "ext::sh -c x"}`:                             "line 4: sources[0].repository: unsupported address: remote helpers",
		`repository: /srv/r, remote: {token_file: t}}`:            "line 4: sources[0].remote must not be set: repository is a directory",
		`repository: /srv/r, branch: main, tag: v1}`:              "line 4: sources[0].tag must not be set together with branch",
		`repository: /srv/r, tag: refs/tags/v1}`:                  "must be the short name",
		`repository: "https://host/r", remote: {poll: 1s}}`:       "remote.poll must be a duration of 5s to 24h",
		`repository: "https://host/r", remote: {timeout: 1s}}`:    "remote.timeout must be",
		`repository: "https://host/r", remote: {max_mib: -1}}`:    "remote.max_mib must be",
		`repository: "https://host/r", remote: {known_hosts: h}}`: "remote.known_hosts must not be set for a repository over https://",
	} {
		cfg, problems := parse([]byte(top+source+"\n"), "/etc/relay")
		got := strings.Join(problems, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) || strings.Contains(got, "canary") {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
		if want == "" && (strings.HasPrefix(cfg.Sources[0].Repository, "/") || cfg.Mirrors != defaultMirrors) {
			t.Errorf("%s: %+v", source, cfg)
		}
	}
	cfg, _ := parse([]byte("mirrors: m\n"+top+`repository: "git@host:r", remote: {ssh_key: k, known_hosts: h}}`), "/etc/relay")
	if s := cfg.Sources[0]; cfg.Mirrors != "/etc/relay/m" || s.Remote.SSHKey != "/etc/relay/k" || s.Remote.KnownHosts != "/etc/relay/h" || s.Branch != "main" {
		t.Errorf("paths and defaults: %+v", cfg)
	}
}

// A signature is valid for a commit of another repository, too.
func TestHistoryIsRefusedByDefaultWhereSignaturesAreRequired(t *testing.T) {
	t.Parallel()
	const top = "controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\nsources:\n  - {name: a, repository: r, files: [x], workflows: [w], age_keys: [k]"
	for settings, want := range map[string]plan.HistoryPolicy{
		"":                                   plan.FollowHistory,
		", verify: {ssh_allowed_signers: s}": plan.RefuseHistory,
		", verify: {openpgp_keys: [k]}":      plan.RefuseHistory,
		", verify: {openpgp_keys: [k]}, history: follow": plan.FollowHistory,
		", history: refuse": plan.RefuseHistory,
		", verify: {ssh_allowed_signers: s}, history: refuse": plan.RefuseHistory,
	} {
		cfg, problems := parse([]byte(top+settings+"}\n"), "/etc/relay")
		if len(problems) > 0 || cfg.Sources[0].History != want {
			t.Errorf("%q: got %s, %q, want %s", settings, cfg.Sources[0].History, problems, want)
		}
	}
}
