// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// What can be wrong with an address. No error quotes the address, which may contain
// a credential.
var (
	errURL         = errors.New("must be a URL such as https://host.example.com:8443")
	errCredentials = errors.New("must not contain credentials")
	errQuery       = errors.New("must not contain a query or a fragment")
	errFragment    = errors.New("must not contain a fragment")
	errHost        = errors.New("must be a host name or host:port")
	errNoTLS       = errors.New("must begin with https:// (http:// is allowed only for this machine itself)")
)

// ParseURL parses the URL of an HTTP server: scheme and host are required,
// credentials and fragments are rejected. It may have a path and a query.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !validPort(u.Port()):
		return nil, errURL
	case u.User != nil:
		return nil, errCredentials
	case u.Fragment != "":
		return nil, errFragment
	}
	return u, nil
}

// ParseAddress is ParseURL for the address of a server that paths are added to: it
// has no query.
func ParseAddress(text string) (*url.URL, error) {
	u, err := ParseURL(text)
	if err == nil && (u.RawQuery != "" || u.ForceQuery) {
		return nil, errQuery
	}
	return u, err
}

// RequireTLS rejects an address without TLS, except of this machine: requests carry
// credentials.
func RequireTLS(u *url.URL) error {
	if u.Scheme == "https" || isLoopback(u.Hostname()) {
		return nil
	}
	return errNoTLS
}

// CheckHost checks a host as RedirectHosts lists it.
func CheckHost(host string) error {
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" || !validPort(u.Port()) {
		return errHost
	}
	return nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}
