// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// contentPolicy is the Content-Security-Policy of every page: nothing inline, nothing of others, in
// no frame.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// hsts is two years, the time that browsers' lists ask for.
const hsts = "max-age=63072000"

// guard protects every route: other host names (DNS rebinding), requests from other sites
// that change something (CSRF), frames, caches and referrers.
func (s *Server) guard(next http.Handler) http.Handler {
	var hosts []string
	protection := http.NewCrossOriginProtection()
	if page, err := url.Parse(s.web.URL); err == nil && page.Host != "" {
		hosts = []string{page.Hostname()}
		// A proxy may send another Host. The URL was checked before.
		_ = protection.AddTrustedOrigin(page.Scheme + "://" + page.Host)
	}
	protection.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	return s.headers(endpoint.OnlyHosts(hosts, "web.url", protection.Handler(next)))
}

func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if s.web.Secure() {
			h.Set("Strict-Transport-Security", hsts)
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin answers a request that another site made.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.log.Warn("request from another site refused", "client", s.clientAddress(r))
	s.showProblem(w, r, nil, errorView{
		Status: http.StatusForbidden, Title: "Request from another site",
		Text: "Another web page sent this request, so nothing was changed. If you wanted the change, open this page yourself and repeat it.",
	})
}

// clientAddress is the IP address of the browser: that of the connection, or behind a
// configured proxy the last address in X-Forwarded-For that is not of a proxy.
func (s *Server) clientAddress(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	address := at.Addr().Unmap().WithZone("")
	if !s.isProxy(address) {
		return address.String()
	}
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(all) {
		forwarded, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		if address = forwarded.Unmap().WithZone(""); !s.isProxy(address) {
			break
		}
	}
	return address.String()
}

func (s *Server) isProxy(address netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
