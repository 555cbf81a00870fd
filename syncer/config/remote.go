// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"reflect"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// Remote is how a remote repository is reached. Credentials come from files,
// which are read anew for each look at the remote.
type Remote struct {
	// Poll is how often the remote is asked where the branch is; 60s if unset, 5s to
	// 24h.
	Poll time.Duration `yaml:"poll"`
	// TokenFile holds a bearer token, for HTTPS. Not every forge takes one: see Username.
	TokenFile string `yaml:"token_file"`
	// Username and PasswordFile log in over HTTPS. For most forges the password is an
	// access token, and the name x-access-token (GitHub), oauth2 (GitLab) or any.
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy, for
	// HTTPS. None is taken from the environment.
	Proxy string `yaml:"proxy"`
	// RedirectHosts are the hosts, each with its port unless that is 443, to which a
	// redirect is followed, with the credentials, for HTTPS; none if unset.
	RedirectHosts []string `yaml:"redirect_hosts"`
	// SSHKey is a private key without a passphrase, and KnownHosts a file of the
	// host's keys as OpenSSH has them. Both are required for SSH.
	SSHKey     string `yaml:"ssh_key"`
	KnownHosts string `yaml:"known_hosts"`
	// Timeout bounds one look with its fetch; 10m if unset, 10s to 2h.
	Timeout time.Duration `yaml:"timeout"`
	// MaxMiB bounds the mirror on disk, with what one fetch brings; 2048 if unset.
	MaxMiB int64 `yaml:"max_mib"`
}

// DefaultMirrors is the folder of the mirrors of remote repositories unless the
// configuration says otherwise.
const DefaultMirrors = "/var/lib/relay-sync/mirrors"

// DefaultPoll is how often a remote is asked unless a source says otherwise.
const DefaultPoll = time.Minute

const (
	minPoll, maxPoll       = 5 * time.Second, 24 * time.Hour
	minTimeout, maxTimeout = 10 * time.Second, 2 * time.Hour
	maxMirrorMiB           = 1 << 20
)

// IsRemote tells a source's remote repository from a folder.
func (s Source) IsRemote() bool { return gitmirror.IsRemote(s.Repository) }

// place sets the defaults of where a source's repository is.
func (s *Source) place(folder string) {
	if s.Tag == "" {
		s.Branch = withDefault(s.Branch, "main")
	}
	if !s.IsRemote() {
		s.Repository = below(folder, s.Repository)
	}
	r := &s.Remote
	if s.IsRemote() {
		r.Poll = withDefault(r.Poll, DefaultPoll)
	}
	for _, path := range append(s.Verify.files(), &r.TokenFile, &r.PasswordFile, &r.CACert, &r.SSHKey, &r.KnownHosts) {
		*path = below(folder, *path)
	}
}

func (r Remote) Access() gitmirror.Access {
	return gitmirror.Access{
		TokenFile: r.TokenFile, Username: r.Username, PasswordFile: r.PasswordFile,
		CACert: r.CACert, Proxy: r.Proxy, RedirectHosts: r.RedirectHosts, SSHKey: r.SSHKey, KnownHosts: r.KnownHosts,
	}
}

// place checks where a source's repository is and how it is reached.
func (c *check) place(i int, s Source) {
	switch {
	case s.Branch != "" && s.Tag != "":
		c.refuse("both branch and tag are set: keep one", "sources", i, "tag")
	case s.Tag != "":
		c.err(gitsource.ValidateTag(s.Tag), "sources", i, "tag")
	default:
		c.err(gitsource.ValidateBranch(s.Branch), "sources", i, "branch")
	}
	for j, file := range s.Verify.OpenPGPKeys {
		if file == "" {
			c.refuse("verify.openpgp_keys must name files", "sources", i, "verify", "openpgp_keys", j)
		}
	}
	if !s.IsRemote() {
		if !reflect.ValueOf(s.Remote).IsZero() {
			c.refuse("remote is set, but repository is a folder; write its https:// or ssh:// URL, or leave remote out", "sources", i, "remote")
		}
		return
	}
	remote, err := gitmirror.ParseRemote(s.Repository)
	if err != nil {
		c.refuse("repository: "+err.Error(), "sources", i, "repository")
		return
	}
	for _, problem := range s.Remote.Access().Problems(remote) {
		c.refuse("remote."+problem.Error(), "sources", i, "remote", problem.Path)
	}
	c.between(s.Remote.Poll, minPoll, maxPoll, "poll", i)
	c.between(s.Remote.Timeout, minTimeout, maxTimeout, "timeout", i)
	if s.Remote.MaxMiB < 0 || s.Remote.MaxMiB > maxMirrorMiB {
		c.refuse(fmt.Sprintf("remote.max_mib must be 1 to %d", maxMirrorMiB), "sources", i, "remote", "max_mib")
	}
}

func (c *check) between(d, least, most time.Duration, key string, i int) {
	if d != 0 && (d < least || d > most) {
		c.refuse(fmt.Sprintf("remote.%s must be a duration of %s to %s", key, least, most), "sources", i, "remote", key)
	}
}
