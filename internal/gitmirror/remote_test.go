// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
)

func TestParseRemote(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]gitmirror.Remote{
		"https://host.example/org/repo.git":      {Scheme: "https", Host: "host.example", Path: "/org/repo.git"},
		"https://host.example:8443/a%20b":        {Scheme: "https", Host: "host.example", Port: "8443", Path: "/a b"},
		"https://[::1]:8443/r":                   {Scheme: "https", Host: "::1", Port: "8443", Path: "/r"},
		"ssh://git@host.example/org/repo":        {Scheme: "ssh", User: "git", Host: "host.example", Path: "/org/repo"},
		"ssh://git@host.example:7999/~ada/r.git": {Scheme: "ssh", User: "git", Host: "host.example", Port: "7999", Path: "/~ada/r.git"},
		"git@host.example:org/repo.git":          {Scheme: "ssh", User: "git", Host: "host.example", Path: "org/repo.git"},
		"ada@corp.example@host.example:r.git":    {Scheme: "ssh", User: "ada@corp.example", Host: "host.example", Path: "r.git"},
		"ssh://ada%40corp.example@host/r.git":    {Scheme: "ssh", User: "ada@corp.example", Host: "host", Path: "/r.git"},
	} {
		got, err := gitmirror.ParseRemote(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", address, diff)
		}
		if got.String() != address {
			t.Errorf("%s is shown as %s", address, got)
		}
		if !gitmirror.IsRemote(address) {
			t.Errorf("%s is parsed as a folder", address)
		}
	}
}

// Azure DevOps shows https://org@host/…, and hosts with single sign-on ssh://mail@address@host.
func TestParseRemoteAcceptsUsersAsHostsShowThem(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct{ user, shown string }{
		"https://org@dev.azure.com/org/My%20Project/_git/secrets": {"org", "https://dev.azure.com/org/My%20Project/_git/secrets"},
		"https://ada@corp.example@host/r.git":                     {"ada@corp.example", "https://host/r.git"},
		"https://x-access-token@host/r.git":                       {"x-access-token", "https://host/r.git"},
		"ssh://ada@corp.example@host/r.git":                       {"ada@corp.example", "ssh://ada%40corp.example@host/r.git"},
	} {
		r, err := gitmirror.ParseRemote(address)
		if err != nil || r.User != want.user || r.String() != want.shown {
			t.Errorf("%s: user %q, shown as %s, %v", address, r.User, r, err)
		}
	}
}

func TestParseRemoteRejectsUnsafeAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://host/r":                      "use https://",
		"git://host/r":                       "not encrypted",
		"file:///srv/r":                      "write the path of the folder",
		"ftp://host/r":                       "must be https://, ssh://",
		"ext::sh -c touch% /tmp/x":           "remote helpers",
		"fd::3":                              "remote helpers",
		"-oProxyCommand=x:y":                 "must not begin with '-'",
		"https://ada:canary-password@host/r": "must not contain credentials",
		"https://ghp_canarytoken@host/r":     "must not contain credentials",
		"https://glpat-canary-token@host/r":  "must not contain credentials",
		"https://canary" + strings.Repeat("0a", 20) + "@host/r": "must not contain credentials",
		"https://ada:@host/r":                       "must not contain credentials",
		"https://-ada@host/r":                       "invalid user",
		"https://ada%0d%0aX:@host/r":                "must not contain credentials",
		"https://ada%0d%0aX@host/r":                 "invalid user",
		"ssh://@host/r":                             "invalid user",
		"a b@host:r":                                "invalid user",
		"ssh://git:canary-password@host/r":          "must not contain credentials",
		"ssh://host/r":                              "invalid user",
		"ssh://-oProxyCommand=x@host/r":             "invalid user",
		"ssh://git@-oProxyCommand=x/r":              "invalid host",
		"git@-oProxyCommand=x:r":                    "invalid host",
		"-git@host:r":                               "must not begin",
		"host:r":                                    "user@host:path",
		"C:/repo":                                   "write ./ before",
		"https://host":                              "invalid path",
		"https://host/":                             "invalid path",
		"https:///r":                                "invalid host",
		"https://host/r?token=canary":               "must not contain '?'",
		"https://host/r#x":                          "must not contain '?'",
		"git@host:r'; touch x; '":                   "invalid path",
		"git@host:-r":                               "invalid path",
		"ssh://git@host/r%27":                       "invalid path",
		"ssh://git@host/r%0a":                       "invalid path",
		"https://host:x/r":                          "invalid URL",
		"https://host/\x1b[31m":                     "printable",
		"https://host/" + strings.Repeat("x", 2000): "at most 2000 bytes",
	} {
		_, err := gitmirror.ParseRemote(address)
		wantError(t, err, nil, want)
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error quotes a credential: %v", err)
		}
		if !strings.HasPrefix(address, "-") && !gitmirror.IsRemote(address) {
			t.Errorf("%q is parsed as a folder", address)
		}
	}
	for _, folder := range []string{"/srv/repo", "shop", "./a:b", "a/b:c", "/srv/a:b"} {
		if gitmirror.IsRemote(folder) {
			t.Errorf("%s is parsed as a remote", folder)
		}
	}
}

func TestAccessProblems(t *testing.T) {
	t.Parallel()
	web := gitmirror.Remote{Scheme: "https", Host: "host", Path: "/r"}
	ssh := gitmirror.Remote{Scheme: "ssh", User: "git", Host: "host", Path: "/r"}
	for name, test := range map[string]struct {
		remote gitmirror.Remote
		access gitmirror.Access
		keys   string
	}{
		"no credentials":         {web, gitmirror.Access{}, ""},
		"a token":                {web, gitmirror.Access{TokenFile: "t", CACert: "c", Proxy: "http://proxy:3128"}, ""},
		"a password":             {web, gitmirror.Access{Username: "u", PasswordFile: "p"}, ""},
		"both":                   {web, gitmirror.Access{TokenFile: "t", Username: "u", PasswordFile: "p"}, "token_file"},
		"no password":            {web, gitmirror.Access{Username: "u"}, "password_file"},
		"no name":                {web, gitmirror.Access{PasswordFile: "p"}, "username"},
		"a name in the URL":      {gitmirror.Remote{Scheme: "https", User: "org", Host: "host", Path: "/r"}, gitmirror.Access{PasswordFile: "p"}, ""},
		"a name with a colon":    {web, gitmirror.Access{Username: "u:v", PasswordFile: "p"}, "username"},
		"a proxy's password":     {web, gitmirror.Access{Proxy: "http://u:canary@proxy"}, "proxy"},
		"a proxy of what kind":   {web, gitmirror.Access{Proxy: "proxy:3128"}, "proxy"},
		"a redirect's URL":       {web, gitmirror.Access{RedirectHosts: []string{"git.example", "https://git.example"}}, "redirect_hosts[1]"},
		"redirects over ssh":     {ssh, gitmirror.Access{SSHKey: "k", KnownHosts: "h", RedirectHosts: []string{"git.example"}}, "redirect_hosts"},
		"a key for https":        {web, gitmirror.Access{SSHKey: "k", KnownHosts: "h"}, "ssh_key known_hosts"},
		"a key and a host":       {ssh, gitmirror.Access{SSHKey: "k", KnownHosts: "h"}, ""},
		"nothing for ssh":        {ssh, gitmirror.Access{}, "ssh_key known_hosts"},
		"a host that is unknown": {ssh, gitmirror.Access{SSHKey: "k"}, "known_hosts"},
		"a token for ssh":        {ssh, gitmirror.Access{SSHKey: "k", KnownHosts: "h", TokenFile: "t", Proxy: "p"}, "token_file proxy"},
	} {
		var keys []string
		for _, problem := range test.access.Problems(test.remote) {
			keys = append(keys, problem.Path)
			if strings.Contains(problem.Text, "canary") {
				t.Errorf("%s: the problem contains a credential: %q", name, problem.Text)
			}
		}
		if got := strings.Join(keys, " "); got != test.keys {
			t.Errorf("%s: problems of %q, want %q", name, got, test.keys)
		}
	}
}
