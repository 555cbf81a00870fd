// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Access has the settings of the connection to a remote. All files are read again for each update.
type Access struct {
	// TokenFile holds a bearer token, for HTTPS.
	TokenFile string
	// Username and PasswordFile are for basic authentication over HTTPS, which most git hosts require: there the
	// password is an access token. Without Username, the user of the address is used.
	Username, PasswordFile string
	// CACert is a PEM file of authorities to trust in place of the system's, for HTTPS.
	CACert string
	// Proxy is the URL of an HTTP, HTTPS or SOCKS5 proxy, for HTTPS; none if empty. The environment is not read.
	Proxy string
	// RedirectHosts are the hosts to which a redirect is followed, with the credentials, for HTTPS; none if empty.
	RedirectHosts []string
	// SSHKey is a private key without a passphrase, and KnownHosts a file of host keys in OpenSSH's format; both are
	// required for SSH.
	SSHKey, KnownHosts string
}

// Problems returns what is wrong with the access to a remote, by the names that the
// settings have in a configuration. It reads no file.
func (a Access) Problems(r Remote) problem.List {
	var out problem.List
	if r.Scheme == "ssh" {
		out.AddIf(len(a.RedirectHosts) > 0, "redirect_hosts", "must not be set for a repository over SSH; it is for https:// only")
		for _, setting := range []struct{ key, value string }{
			{"token_file", a.TokenFile}, {"username", a.Username}, {"password_file", a.PasswordFile}, {"ca_cert", a.CACert}, {"proxy", a.Proxy},
		} {
			out.AddIf(setting.value != "", setting.key, "must not be set for a repository over SSH; it is for https:// only")
		}
		out.AddIf(a.SSHKey == "", "ssh_key", "is required; a file with the private key of the user")
		out.AddIf(a.KnownHosts == "", "known_hosts", "is required; a file with the host keys of the server, as ssh-keyscan prints them. Compare them with those that its operator publishes")
		return out
	}
	out.AddIf(a.SSHKey != "", "ssh_key", "must not be set for a repository over https://; it is for SSH only")
	out.AddIf(a.KnownHosts != "", "known_hosts", "must not be set for a repository over https://; it is for SSH only")
	out.AddIf(a.TokenFile != "" && (a.Username != "" || a.PasswordFile != ""), "token_file", "must not be set together with username and password_file")
	out.AddIf(a.Username != "" && a.PasswordFile == "", "password_file", "is required together with username")
	out.AddIf(a.Username == "" && r.User == "" && a.PasswordFile != "", "username", "is required together with password_file; the documentation of the git host names it, and if any name is accepted, use git")
	out.AddIf(strings.ContainsAny(a.Username, ":\r\n"), "username", "must not contain ':' or line breaks")
	out.AddError("proxy", httpclient.CheckProxy(a.Proxy))
	for i, host := range a.RedirectHosts {
		out.AddError(problem.Index("redirect_hosts", i), httpclient.CheckHost(host))
	}
	return out
}

// CheckFiles reads all files of an access without Problems. The error names the setting.
func (a Access) CheckFiles(r Remote) error {
	if r.Scheme == "ssh" {
		_, err := newSSH(r, a)
		return err
	}
	t, err := newHTTPS(r, a)
	if err != nil {
		return err
	}
	t.close()
	return nil
}

// Warnings returns one warning for each credential file that every user of the
// machine can read.
func (a Access) Warnings() []string { return conffile.Warnings(a.TokenFile, a.PasswordFile, a.SSHKey) }
