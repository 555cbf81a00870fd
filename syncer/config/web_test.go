// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
	"time"
)

const beforeWeb = "vault: {address: 'http://127.0.0.1:1'}\n"

func TestWebNeedsNoSourceAndNoCredential(t *testing.T) {
	t.Parallel()
	cfg, problems := parseFor([]byte(beforeWeb+"socket: s.sock\nweb: {listen: '127.0.0.1:9463', audit: a.log, logins: [{method: oidc, mount: /team/oidc/}, {method: token, label: Token}]}"), "/etc/relay", (*Config).webProblems)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := cfg.Web
	if w.Idle != 30*time.Minute || w.Lifetime != 8*time.Hour || w.Daemon.Socket != "/etc/relay/s.sock" || w.Audit != "/etc/relay/a.log" {
		t.Errorf("defaults: %+v", w)
	}
	if l := w.Logins; l[0].Mount != "team/oidc" || l[0].Label != "Single sign-on" || l[1].Label != "Token" {
		t.Errorf("logins: %+v", l)
	}
	if _, problems := parse([]byte("web: {listen: '127.0.0.1:1', logins: [{method: token}]}"), "/"); len(problems) < 3 {
		t.Errorf("the daemon needs more: %v", problems)
	}
}

func TestWebIsRefusedWhereOthersCouldReadTokens(t *testing.T) {
	t.Parallel()
	const logins, tls, proxy = ", logins: [{method: userpass}]", ", cert_file: c.pem, key_file: k.pem", ", behind_proxy: [10.0.0.0/24, '::1']"
	for _, c := range []struct{ web, want string }{
		{"listen: '127.0.0.1:1'" + logins, ""},
		{"listen: 'localhost:1'" + logins, ""},
		{"listen: '[::1]:1'" + logins, ""},
		{"listen: '127.0.0.1:1', url: 'http://127.0.0.1:1'" + logins, ""},
		{"listen: ':1', url: 'https://secrets.example.com'" + tls + logins, ""},
		{"listen: '10.1.1.1:1', url: 'https://secrets.example.com/'" + proxy + logins, ""},
		{"listen: ':1'" + logins, "listen must be on this machine"},
		{"listen: '0.0.0.0:1'" + logins, "listen must be on this machine"},
		{"listen: '10.0.0.1:1'" + logins, "listen must be on this machine"},
		{"listen: 'secrets.example.com:1'" + logins, "listen must be on this machine"},
		{"listen: '127.0.0.1'" + logins, "listen is required"},
		{"listen: ':1'" + tls + logins, "url is required"},
		{"listen: ':1'" + proxy + logins, "url is required"},
		{"listen: ':1', url: 'http://secrets.example.com'" + tls + logins, "url must begin with https://"},
		{"listen: '127.0.0.1:1', url: 'http://secrets.example.com'" + logins, "url must begin with https://"},
		{"listen: '127.0.0.1:1', url: 'https://secrets.example.com'" + logins, "url: requires cert_file and key_file, or behind_proxy"},
		{"listen: '127.0.0.1:1', url: 'http://127.0.0.1/path'" + logins, "url must be a URL without a path"},
		{"listen: '127.0.0.1:1', url: 'http://a:b@127.0.0.1'" + logins, "url must be a URL without a path"},
		{"listen: ':1', url: 'https://x.example', behind_proxy: [proxy]" + logins, "behind_proxy must be a list of IP addresses"},
		{"listen: ':1', url: 'https://x.example'" + tls + proxy + logins, "behind_proxy must not be set together"},
		{"listen: ':1', url: 'https://x.example', cert_file: c.pem" + logins, "cert_file must be set together"},
		{"listen: '127.0.0.1:1'", "logins is required"},
		{"listen: '127.0.0.1:1', logins: [{method: github}]", "logins[0].method must be oidc"},
		{"listen: '127.0.0.1:1', logins: [{method: ldap, mount: '../sys'}]", "logins[0].mount must be the path"},
		{"listen: '127.0.0.1:1', logins: [{method: ldap, mount: 'a?b'}]", "logins[0].mount must be the path"},
		{"listen: '127.0.0.1:1', logins: [{method: ldap, role: x}]", "logins[0].role must not be set"},
		{"listen: '127.0.0.1:1', idle: 9h" + logins, "idle must be between"},
		{"listen: '127.0.0.1:1', lifetime: 25h" + logins, "lifetime must be at most"},
		{"listen: '127.0.0.1:1', daemon: {url: 'http://x'}" + logins, "daemon.url must begin with https://"},
		{"listen: '127.0.0.1:1', daemon: {url: 'https://x'}" + logins, "daemon.token_file is required"},
		{"listen: '127.0.0.1:1', daemon: {url: 'https://x', token_file: t, socket: s}" + logins, "daemon.url must not be set together"},
	} {
		_, problems := parseFor([]byte(beforeWeb+"web: {"+c.web+"}"), "/etc/relay", (*Config).webProblems)
		got := strings.Join(problems, "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.web, got, c.want)
		}
	}
	both := beforeWeb + "audit: a.log\nweb: {listen: '127.0.0.1:1', audit: /etc/relay/a.log" + logins + "}"
	if _, problems := parseFor([]byte(both), "/etc/relay", (*Config).webProblems); !strings.Contains(strings.Join(problems, ""), "another file than audit of the daemon") {
		t.Errorf("one audit file for two processes: %v", problems)
	}
}
