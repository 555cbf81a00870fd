// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// Remote is the address of a repository: https://host/path, https://user@host/path, ssh://user@host/path or
// user@host:path. It contains no credentials.
type Remote struct {
	// Scheme is "https" or "ssh".
	Scheme string
	// User logs in over SSH. Over HTTPS it is the user name of a login with a password, empty for none; String omits it,
	// because it could be a token.
	User string
	// Host is a name or an address, without a port.
	Host string
	// Port is empty for the scheme's own.
	Port string
	// Path begins with a slash, except in user@host:path, where it can be relative to the user's home directory.
	Path string
}

const maxURL = 2000 // bytes

var (
	hostPattern = lazyregexp.New(`^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,254}$`)
	userPattern = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}$`)
	pathPattern = lazyregexp.New(`^[\p{L}\p{N}/~_][\p{L}\p{M}\p{N}/~._@+ ,=%:-]*$`)
	portPattern = lazyregexp.New(`^[0-9]{1,5}$`)
	// tokenPattern matches the tokens of git hosts, which some tools write in place of a user name: by their prefixes, and
	// the older ones by their length.
	tokenPattern = lazyregexp.New(`^(gh[a-z]_|github_pat_|gl[a-z]{2,8}-|ATBB|ATCTT|[A-Za-z0-9]{40,}$)`)
)

// IsRemote reports whether a text is the address of a remote repository, valid or not, and not the path of a local one.
// A path with a colon before its first slash must begin with "./".
func IsRemote(repository string) bool {
	colon, slash := strings.Index(repository, ":"), strings.Index(repository, "/")
	return colon >= 0 && (slash < 0 || colon < slash)
}

// ParseRemote parses an address. The error does not quote it: it can contain a password.
func ParseRemote(address string) (Remote, error) {
	r, err := parseRemote(address)
	if err != nil {
		return Remote{}, err
	}
	switch {
	case !hostPattern.MatchString(r.Host), strings.Contains(r.Host, ":") && net.ParseIP(r.Host) == nil:
		return Remote{}, errors.New("invalid host in the repository's URL: must be a host name or IP address")
	case r.Port != "" && !portPattern.MatchString(r.Port):
		return Remote{}, errors.New("invalid port in the repository's URL: must be a number")
	case !pathPattern.MatchString(r.Path) || r.Path == "/":
		return Remote{}, errors.New("invalid path in the repository's URL: must consist of letters, digits and - . _ ~ /")
	case r.Scheme == "ssh" && r.User == "":
		return Remote{}, errors.New("invalid user in the repository's URL: required before the host, such as git@")
	case r.User != "" && !userPattern.MatchString(r.User):
		return Remote{}, errors.New("invalid user in the repository's URL: must consist of letters, digits and . _ @ + -")
	}
	return r, nil
}

func parseRemote(address string) (Remote, error) {
	switch {
	case len(address) > maxURL || !foreign.Printable(address):
		return Remote{}, fmt.Errorf("invalid URL: must have at most %d bytes, all of them printable", maxURL)
	case strings.HasPrefix(address, "-"):
		return Remote{}, errors.New("invalid repository: must not begin with '-'")
	case !strings.Contains(address, "://"):
		return parseShort(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return Remote{}, errors.New("invalid URL: must be such as https://host/path or ssh://git@host/path") // err quotes it
	}
	if problem := schemeProblem(u.Scheme); problem != "" {
		return Remote{}, errors.New(problem)
	}
	_, password := u.User.Password()
	switch {
	case password || u.Scheme == "https" && tokenPattern.MatchString(u.User.Username()):
		return Remote{}, errors.New("the repository's URL must not contain credentials, because it appears in logs. Hint: set remote.token_file, or remote.username and remote.password_file, or remote.ssh_key")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Remote{}, errors.New("the repository's URL must not contain '?' or '#'")
	}
	return Remote{Scheme: u.Scheme, User: u.User.Username(), Host: u.Hostname(), Port: u.Port(), Path: u.Path}, nil
}

func schemeProblem(scheme string) string {
	switch scheme {
	case "https", "ssh":
		return ""
	case "http", "git":
		return "unsupported scheme " + scheme + "://: it is not encrypted, so that others on the network could replace commits. Hint: use https:// or ssh://"
	case "file":
		return "unsupported scheme file://. Hint: write the path of the folder"
	default:
		return "unsupported address: must be https://, ssh:// or user@host:path"
	}
}

// parseShort parses user@host:path. The user can contain "@".
func parseShort(address string) (Remote, error) {
	before, path, found := strings.Cut(address, ":")
	user, host, hasUser := "", before, false
	if at := strings.LastIndex(before, "@"); at >= 0 {
		user, host, hasUser = before[:at], before[at+1:], true
	}
	switch {
	case strings.HasPrefix(path, ":"):
		return Remote{}, errors.New("unsupported address: remote helpers such as ext:: run programs. Hint: use https://, ssh:// or user@host:path")
	case !found || strings.Contains(before, "/"):
		return Remote{}, errors.New("unsupported address: must be https://, ssh:// or user@host:path")
	case !hasUser:
		return Remote{}, errors.New("invalid address: must be user@host:path, such as git@host:path. Hint: write ./ before a folder whose name contains a colon")
	}
	return Remote{Scheme: "ssh", User: user, Host: host, Path: path}, nil
}

// String returns the address as a URL, or as user@host:path if it was parsed from that.
func (r Remote) String() string {
	if r.Scheme == "ssh" && !strings.HasPrefix(r.Path, "/") {
		return r.User + "@" + r.Host + ":" + r.Path
	}
	u := url.URL{Scheme: r.Scheme, Host: r.Host, Path: r.Path}
	if r.Scheme == "ssh" {
		u.User = url.User(r.User)
	}
	if r.Port != "" || strings.Contains(r.Host, ":") {
		u.Host = strings.TrimSuffix(net.JoinHostPort(r.Host, r.Port), ":")
	}
	return u.String()
}
