// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// Remote is where a repository is: https://host/path, ssh://user@host/path or user@host:path. It holds no credentials.
type Remote struct {
	// Scheme is "https" or "ssh".
	Scheme string
	// User logs in over SSH; empty for HTTPS.
	User string
	// Host is a name or an address, without a port.
	Host string
	// Port is empty for the scheme's own.
	Port string
	// Path begins with a slash, but for user@host:path, where it may be relative to the user's home.
	Path string
}

const maxURL = 2000 // bytes

var (
	hostPattern = regexp.MustCompile(`^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,254}$`)
	userPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)
	pathPattern = regexp.MustCompile(`^[\p{L}\p{N}/~_][\p{L}\p{M}\p{N}/~._@+ ,=%:-]*$`)
	portPattern = regexp.MustCompile(`^[0-9]{1,5}$`)
)

// IsRemote tells what can only be meant as the address of a remote repository, well-formed or not, from the path of a
// local one. A path with a colon before its first slash is one when it begins with "./".
func IsRemote(repository string) bool {
	colon, slash := strings.Index(repository, ":"), strings.Index(repository, "/")
	return colon >= 0 && (slash < 0 || colon < slash)
}

// ParseRemote takes an address apart. The error says what to write instead; it does not quote what could be
// a password.
func ParseRemote(address string) (Remote, error) {
	r, err := parseRemote(address)
	if err != nil {
		return Remote{}, err
	}
	switch {
	case !hostPattern.MatchString(r.Host):
		return Remote{}, errors.New("expected a host name or address in the repository's URL")
	case r.Port != "" && !portPattern.MatchString(r.Port):
		return Remote{}, errors.New("expected a port number in the repository's URL")
	case !pathPattern.MatchString(r.Path) || r.Path == "/":
		return Remote{}, errors.New("expected a path of letters, digits and - . _ ~ / in the repository's URL")
	case r.Scheme == "ssh" && !userPattern.MatchString(r.User):
		return Remote{}, errors.New("expected a user in the repository's URL, such as git@ before the host")
	}
	return r, nil
}

func parseRemote(address string) (Remote, error) {
	switch {
	case len(address) > maxURL || gitcommand.Printable(address) != address:
		return Remote{}, fmt.Errorf("expected a URL of at most %d bytes that prints", maxURL)
	case strings.HasPrefix(address, "-"):
		return Remote{}, errors.New("a repository must not begin with '-'")
	case !strings.Contains(address, "://"):
		return parseShort(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return Remote{}, errors.New("expected a URL, such as https://host/path or ssh://git@host/path") // err quotes it
	}
	if problem := schemeProblem(u.Scheme); problem != "" {
		return Remote{}, errors.New(problem)
	}
	_, password := u.User.Password()
	switch {
	case password || u.Scheme == "https" && u.User != nil:
		return Remote{}, errors.New("credentials do not belong into the repository's URL, which is shown; set remote.token_file, or remote.username and remote.password_file, or remote.ssh_key")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Remote{}, errors.New("expected no '?' and '#' in the repository's URL")
	}
	return Remote{Scheme: u.Scheme, User: u.User.Username(), Host: u.Hostname(), Port: u.Port(), Path: u.Path}, nil
}

func schemeProblem(scheme string) string {
	switch scheme {
	case "https", "ssh":
		return ""
	case "http", "git":
		return scheme + ":// is not encrypted, so anybody on the way could replace commits; use https:// or ssh://"
	case "file":
		return "write the folder itself, without file://"
	default:
		return "expected https://, ssh:// or user@host:path"
	}
}

// parseShort reads user@host:path.
func parseShort(address string) (Remote, error) {
	before, path, found := strings.Cut(address, ":")
	user, host, hasUser := strings.Cut(before, "@")
	switch {
	case strings.HasPrefix(path, ":"):
		return Remote{}, errors.New("remote helpers such as ext:: run programs, and are never used; write https://, ssh:// or user@host:path")
	case !found || strings.Contains(before, "/"):
		return Remote{}, errors.New("expected https://, ssh:// or user@host:path")
	case !hasUser:
		return Remote{}, errors.New("expected user@host:path, such as git@host:path; a folder whose name has a colon is written with ./ before it")
	}
	return Remote{Scheme: "ssh", User: user, Host: host, Path: path}, nil
}

// String is the address as a URL; user@host:path stays what it was.
func (r Remote) String() string {
	if r.Scheme == "ssh" && !strings.HasPrefix(r.Path, "/") {
		return r.User + "@" + r.Host + ":" + r.Path
	}
	u := url.URL{Scheme: r.Scheme, Host: r.Host, Path: r.Path}
	if r.User != "" {
		u.User = url.User(r.User)
	}
	if r.Port != "" || strings.Contains(r.Host, ":") {
		u.Host = strings.TrimSuffix(net.JoinHostPort(r.Host, r.Port), ":")
	}
	return u.String()
}
