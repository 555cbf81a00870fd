// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Remote is the access to a remote repository. Credentials come from files, which are
// read again for each poll.
type Remote struct {
	// Poll is the interval at which relay-sync asks the remote for the branch; 60s if
	// unset, 5s to 24h.
	Poll time.Duration `yaml:"poll"`
	// TokenFile is the file of a bearer token, for HTTPS. Some git hosts do not accept
	// one: see Username.
	TokenFile string `yaml:"token_file"`
	// Username and PasswordFile log in over HTTPS. For most git hosts the password is a
	// token, and the name x-access-token (GitHub), oauth2 (GitLab) or any. If the name is
	// unset, it is the one in the URL, as in https://name@host/path.
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	// CACert is a PEM file of certificate authorities that replace those of the system.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy, for
	// HTTPS. None is taken from the environment.
	Proxy string `yaml:"proxy"`
	// RedirectHosts are the hosts, each with its port unless that is 443, to which
	// relay-sync follows a redirect and sends the credentials, for HTTPS; none if unset.
	RedirectHosts []string `yaml:"redirect_hosts"`
	// SSHKey is a private key without a passphrase, and KnownHosts a file of host keys
	// in the format of OpenSSH. Both are required for SSH.
	SSHKey     string `yaml:"ssh_key"`
	KnownHosts string `yaml:"known_hosts"`
	// Timeout limits one poll with its fetch; 10m if unset, 10s to 2h.
	Timeout time.Duration `yaml:"timeout"`
	// MaxMiB limits the disk that the mirror takes; 2048 if unset. Half of it is for the
	// mirror and what one fetch adds, and half for a copy while the mirror is built again. A
	// volume needs a tenth more, for the index of git.
	MaxMiB int64 `yaml:"max_mib"`
}

// defaultMirrors is the default folder of the mirrors of remote repositories.
const defaultMirrors = "/var/lib/relay-sync/mirrors"

// defaultPoll is the default interval between polls of a remote.
const defaultPoll = time.Minute

const (
	minPoll, maxPoll       = 5 * time.Second, 24 * time.Hour
	minTimeout, maxTimeout = 10 * time.Second, 2 * time.Hour
	maxMirrorMiB           = 1 << 20
)

// IsRemote reports whether the repository of a source is remote, and not a folder.
func (s Source) IsRemote() bool { return gitmirror.IsRemote(s.Repository) }

var hostAndPath = lazyregexp.New(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/`)

// withoutScheme reports whether a repository looks like the address of a remote one
// without https://, and not like a folder.
func withoutScheme(repository string) bool {
	host := hostAndPath.FindString(repository)
	return host != "" && !strings.HasSuffix(host, ".git/")
}

// setDefaults sets the defaults of the repository, and makes paths absolute.
func (s *Source) setDefaults(folder string) {
	if s.Tag == "" {
		s.Branch = cmp.Or(s.Branch, "main")
	}
	if !s.IsRemote() && !withoutScheme(s.Repository) {
		s.Repository = below(folder, s.Repository)
	}
	r := &s.Remote
	if s.IsRemote() {
		r.Poll = cmp.Or(r.Poll, defaultPoll)
	}
	for _, path := range append(s.Verify.files(), &r.TokenFile, &r.PasswordFile, &r.CACert, &r.SSHKey, &r.KnownHosts) {
		*path = below(folder, *path)
	}
}

// Access returns the settings for package gitmirror.
func (r Remote) Access() gitmirror.Access {
	return gitmirror.Access{
		TokenFile: r.TokenFile, Username: r.Username, PasswordFile: r.PasswordFile,
		CACert: r.CACert, Proxy: r.Proxy, RedirectHosts: r.RedirectHosts, SSHKey: r.SSHKey, KnownHosts: r.KnownHosts,
	}
}

// checkRepository checks where the source's repository is and how to connect to it.
func (s Source) checkRepository(out *problem.List) {
	out.AddIf(s.Repository == "", "repository", "is required; the directory of a git repository, or the https:// or ssh:// URL of a remote one")
	switch {
	case s.Branch != "" && s.Tag != "":
		out.Add("tag", "must not be set together with branch")
	case s.Tag != "":
		out.AddError("tag", gitsource.ValidateTag(s.Tag))
	default:
		out.AddError("branch", gitsource.ValidateBranch(s.Branch))
	}
	for i, file := range s.Verify.OpenPGPKeys {
		out.AddIf(file == "", problem.Index("verify.openpgp_keys", i), "must be the path of a file")
	}
	if !s.IsRemote() {
		out.AddIf(withoutScheme(s.Repository), "repository", "must begin with https:// or ssh://, or with ./ for a folder below that of this file")
		out.AddIf(!reflect.ValueOf(s.Remote).IsZero(), "remote", "must not be set: repository is a directory. For a remote repository, set its https:// or ssh:// URL")
		return
	}
	remote, err := gitmirror.ParseRemote(s.Repository)
	if err != nil {
		out.AddError("repository", err)
		return
	}
	out.AddList("remote", s.Remote.Access().Problems(remote))
	out.AddError("remote.poll", checkRange(s.Remote.Poll, minPoll, maxPoll))
	out.AddError("remote.timeout", checkRange(s.Remote.Timeout, minTimeout, maxTimeout))
	out.AddIf(s.Remote.MaxMiB < 0 || s.Remote.MaxMiB > maxMirrorMiB, "remote.max_mib", "must be 1 to %d", maxMirrorMiB)
}

// checkRange accepts 0, which is unset.
func checkRange(d, least, most time.Duration) error {
	if d != 0 && (d < least || d > most) {
		return fmt.Errorf("must be a duration of %s to %s", least, most)
	}
	return nil
}
