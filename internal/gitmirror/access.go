// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// Access is how a remote is reached. All files are read anew for each look at the remote.
type Access struct {
	// TokenFile holds a bearer token, for HTTPS.
	TokenFile string
	// Username and PasswordFile are for basic authentication over HTTPS, which is what most forges want: there the
	// password is an access token.
	Username, PasswordFile string
	// CACert is a PEM file of authorities to trust in place of the system's, for HTTPS.
	CACert string
	// Proxy is the URL of an HTTP, HTTPS or SOCKS5 proxy, for HTTPS; none if empty, and never one from the environment.
	Proxy string
	// SSHKey is a private key without a passphrase, and KnownHosts a file of host keys as OpenSSH has them; for SSH both
	// are required.
	SSHKey, KnownHosts string
}

// Problem is something wrong with one setting of an Access.
type Problem struct {
	// Key is the setting's name in a configuration, such as "known_hosts".
	Key  string
	Text string
}

// Check says what is wrong with a way of access to a remote. It reads no file.
func (a Access) Check(r Remote) []Problem {
	var out []Problem
	refuse := func(bad bool, key, text string) {
		if bad {
			out = append(out, Problem{Key: key, Text: text})
		}
	}
	given := map[string]string{
		"token_file": a.TokenFile, "username": a.Username, "password_file": a.PasswordFile, "ca_cert": a.CACert, "proxy": a.Proxy,
	}
	if r.Scheme == "ssh" {
		for _, key := range []string{"token_file", "username", "password_file", "ca_cert", "proxy"} {
			refuse(given[key] != "", key, key+" is for https:// repositories, and this one is reached over SSH")
		}
		refuse(a.SSHKey == "", "ssh_key", "ssh_key is missing: a file with the private key to log in with")
		refuse(a.KnownHosts == "", "known_hosts", "known_hosts is missing: a file with the keys of the host, as ssh-keyscan prints them; compare them with what the host's operator publishes")
		return out
	}
	refuse(a.SSHKey != "", "ssh_key", "ssh_key is for repositories that are reached over SSH, and this one is not")
	refuse(a.KnownHosts != "", "known_hosts", "known_hosts is for repositories that are reached over SSH, and this one is not")
	refuse(a.TokenFile != "" && (a.Username != "" || a.PasswordFile != ""), "token_file", "both token_file and username with password_file are set: keep one")
	refuse(a.Username != "" && a.PasswordFile == "", "password_file", "password_file is missing: it goes with username")
	refuse(a.Username == "" && a.PasswordFile != "", "username", "username is missing: it goes with password_file; forges say which, if any will do write git")
	refuse(bytes.ContainsAny([]byte(a.Username), ":\r\n"), "username", "username must not contain ':' or line ends")
	_, err := a.proxy()
	refuse(err != nil, "proxy", "proxy must be a URL without credentials, such as http://proxy.example.com:3128")
	return out
}

// proxy is nil for none.
func (a Access) proxy() (*url.URL, error) {
	if a.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(a.Proxy)
	known := err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "socks5")
	if !known || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("not a proxy's URL") // err quotes it
	}
	return u, nil
}

const (
	maxCredential = 16 << 10
	maxPEM        = 1 << 20
)

// readFile reads a bounded file; the error names what it is for.
func readFile(what, path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("reading %s: %s is larger than %d bytes", what, path, limit)
	}
	return data, nil
}

// readCredential reads a file that holds one line.
func readCredential(what, path string) (string, error) {
	data, err := readFile(what, path, maxCredential)
	if err != nil {
		return "", err
	}
	text := string(bytes.TrimSpace(data))
	if text == "" || !utf8.ValidString(text) || gitcommand.Printable(text) != text {
		return "", fmt.Errorf("reading %s: %s must hold one line of text and nothing else", what, path)
	}
	return text, nil
}
