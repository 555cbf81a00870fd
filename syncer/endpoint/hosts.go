// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// OnlyHosts answers requests for localhost, for an IP address and for the listed names,
// and refuses others. A web page can make a browser send requests for the page's own
// name to any address (DNS rebinding), and read the answers. It cannot do so for an
// address or for a name of others. A request without a host is not from a browser. setting
// is the key of the configuration that has the names.
func OnlyHosts(names []string, setting string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowedHost(r.Host, names) {
			http.Error(w, "host name not allowed. Hint: use an IP address, or add the name to "+setting+" in the configuration of relay-sync", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowedHost decides about a Host header, which may have a port.
func allowedHost(host string, names []string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name, _, err = net.SplitHostPort(host + ":0")
	}
	if err != nil {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		return true
	}
	same := func(listed string) bool {
		return strings.EqualFold(strings.TrimSuffix(name, "."), strings.TrimSuffix(listed, "."))
	}
	return same("localhost") || slices.ContainsFunc(names, same)
}
