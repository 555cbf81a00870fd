// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
)

// Web is the web page and the user API, which relay-sync web serves. It acts with the Vault
// tokens of the persons who log in, so it needs no token and no key.
type Web struct {
	// Listen is the address of the page, such as 127.0.0.1:9463. Required. Beyond this
	// machine it needs CertFile or BehindProxy.
	Listen string `yaml:"listen"`
	// URL is the address of the page in a browser, such as https://secrets.example.com,
	// without a path. The page answers requests for its host name, for localhost and for IP
	// addresses, and refuses others. Required, unless the page is only for this machine
	// without TLS. Use a host name that serves nothing else: cookies ignore ports.
	URL string `yaml:"url"`
	// CertFile and KeyFile are PEM files of the certificate and its key. They may be
	// replaced at any time.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// BehindProxy are the addresses, such as 10.0.0.5 or 10.0.0.0/24, of the reverse proxies
	// that terminate TLS. The page believes their X-Forwarded-For, and no other.
	BehindProxy []string `yaml:"behind_proxy"`
	// Logins are the ways to log in, in the order of the page. At least one.
	Logins []WebLogin `yaml:"logins"`
	// Idle is how long a session lasts without a request; 30m if unset, up to 24h. Tokens
	// from logins of the page expire in Vault then, too.
	Idle time.Duration `yaml:"idle"`
	// Lifetime is how long a session lasts at most; 8h if unset, up to 24h.
	Lifetime time.Duration `yaml:"lifetime"`
	// Audit is a file to which the page appends a line before and after each change, as
	// audit of the daemon: not the same file. None if unset.
	Audit string `yaml:"audit"`
	// Daemon is the daemon whose state the page shows; if unset, the one at socket, if that
	// is set. Without a daemon the page shows what Vault has.
	Daemon WebDaemon `yaml:"daemon"`
}

// WebLogin is a way to log in to the page.
type WebLogin struct {
	// Method is oidc, userpass, ldap or token. Required.
	Method string `yaml:"method"`
	// Mount is the path of the auth method in Vault; the method's name if unset.
	Mount string `yaml:"mount"`
	// Role is a role of the auth method oidc; the default role of the mount if unset.
	Role string `yaml:"role"`
	// Label is the text of the page; such as "Company account". The method if unset.
	Label string `yaml:"label"`
}

// WebDaemon is where the page finds the daemon: at a Unix socket, or at the remote_access
// of the daemon.
type WebDaemon struct {
	// Socket is the path of the daemon's socket. The user of relay-sync web needs
	// permission to connect to it: set socket_mode "0660" and a common group.
	Socket string `yaml:"socket"`
	// URL is the address of the daemon's remote_access, such as https://relay-sync:9464.
	URL string `yaml:"url"`
	// CACert is a PEM file of the certificate authorities of URL; those of the system if
	// unset.
	CACert string `yaml:"ca_cert"`
	// TokenFile is the file with the token of remote_access. Required with URL.
	TokenFile string `yaml:"token_file"`
}

// The methods of WebLogin.
const (
	LoginOIDC     = "oidc"
	LoginUserPass = "userpass"
	LoginLDAP     = "ldap"
	LoginToken    = "token"
)

const (
	defaultIdle     = 30 * time.Minute
	defaultLifetime = 8 * time.Hour
	minIdle         = time.Second
	maxLifetime     = 24 * time.Hour
	maxLabel        = 40
)

func (w *Web) setDefaults(folder, socket string) {
	w.Idle, w.Lifetime = cmp.Or(w.Idle, defaultIdle), cmp.Or(w.Lifetime, defaultLifetime)
	for i := range w.Logins {
		l := &w.Logins[i]
		l.Mount = strings.Trim(cmp.Or(l.Mount, l.Method), "/")
		l.Label = cmp.Or(l.Label, labels[l.Method])
	}
	if w.Daemon == (WebDaemon{}) {
		w.Daemon.Socket = socket
	}
	if w.Audit != auditfile.Stdout {
		w.Audit = below(folder, w.Audit)
	}
	for _, path := range []*string{&w.CertFile, &w.KeyFile, &w.Daemon.Socket, &w.Daemon.CACert, &w.Daemon.TokenFile} {
		*path = below(folder, *path)
	}
}

var labels = map[string]string{
	LoginOIDC: "Single sign-on", LoginUserPass: "User name and password", LoginLDAP: "LDAP", LoginToken: "Vault token",
}

// problems returns what is wrong with the settings of the page. daemonAudit is the audit
// file of the daemon.
func (w *Web) problems(daemonAudit string) (out problem.List) {
	out.AddIf(!listenable(w.Listen), "listen", "is required; an address and a port, such as 127.0.0.1:9463")
	out.AddIf((w.CertFile == "") != (w.KeyFile == ""), "cert_file", "must be set together with key_file")
	out.AddIf(w.CertFile != "" && len(w.BehindProxy) > 0, "behind_proxy", "must not be set together with cert_file: either the page or the proxy terminates TLS")
	exposed := listenable(w.Listen) && !w.Local() && w.CertFile == "" && len(w.BehindProxy) == 0
	out.AddIf(exposed, "listen", "must be on this machine, such as 127.0.0.1:9463, unless cert_file and key_file or behind_proxy are set: without TLS others on the network can read tokens and values")
	_, err := w.proxies()
	out.AddError("behind_proxy", err)
	out.AddError("url", w.checkURL())
	out.AddIf(len(w.Logins) == 0, "logins", "is required; such as [{method: userpass}]")
	for i, l := range w.Logins {
		out.AddList(problem.Index("logins", i), l.problems())
	}
	out.AddIf(w.Idle < minIdle || w.Idle > w.Lifetime, "idle", "must be between 1s and lifetime, such as 30m")
	out.AddIf(w.Lifetime > maxLifetime, "lifetime", "must be at most 24h")
	out.AddIf(w.Audit != "" && w.Audit != auditfile.Stdout && w.Audit == daemonAudit, "audit", "must be another file than audit of the daemon")
	out.AddList("daemon", w.Daemon.problems())
	return out
}

// Local reports whether the page is reachable from this machine only.
func (w *Web) Local() bool {
	host, _, err := net.SplitHostPort(w.Listen)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// OIDCCallback is the path of the redirect URI of logins by OpenID.
const OIDCCallback = "/login/oidc/callback"

// RedirectURI is where an OpenID provider sends the browser back to, which the role in Vault
// must allow. host is that of the request, for a page without a URL.
func (w *Web) RedirectURI(host string) string {
	if w.URL != "" {
		return strings.TrimSuffix(w.URL, "/") + OIDCCallback
	}
	return "http://" + host + OIDCCallback
}

// Hostname is the host name of URL; empty without one.
func (w *Web) Hostname() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Warnings are about files of the page with credentials that others can read.
func (w *Web) Warnings() []string { return conffile.Warnings(w.KeyFile, w.Daemon.TokenFile) }

// Secure reports whether browsers reach the page by TLS.
func (w *Web) Secure() bool { return strings.HasPrefix(w.URL, "https://") }

func (w *Web) checkURL() error {
	if w.URL == "" {
		if w.CertFile != "" || len(w.BehindProxy) > 0 {
			return errors.New("is required; the address of the page in a browser, such as https://secrets.example.com")
		}
		return nil
	}
	u, err := url.Parse(w.URL)
	switch {
	case err != nil, u.Host == "", u.User != nil, u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must be a URL without a path, such as https://secrets.example.com")
	case u.Scheme == "http" && (w.CertFile != "" || len(w.BehindProxy) > 0 || httpclient.RequireTLS(u) != nil):
		return errors.New("must begin with https://")
	case u.Scheme == "https" && w.CertFile == "" && len(w.BehindProxy) == 0:
		return errors.New("requires cert_file and key_file, or behind_proxy, because it begins with https://")
	}
	return nil
}

// Proxies are the addresses of BehindProxy, which problems has checked.
func (w *Web) Proxies() []netip.Prefix {
	all, _ := w.proxies()
	return all
}

func (w *Web) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range w.BehindProxy {
		prefix, err := netip.ParsePrefix(text)
		if address, notPrefix := netip.ParseAddr(text); notPrefix == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, errors.New("must be a list of IP addresses or networks, such as [10.0.0.0/24]")
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// mountForm is a path of an auth method. Vault permits more; a page needs no more.
var mountForm = lazyregexp.New(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

func (l WebLogin) problems() (out problem.List) {
	out.AddIf(labels[l.Method] == "", "method", "must be oidc, userpass, ldap or token")
	out.AddIf(l.Method != LoginToken && !mountForm.MatchString(l.Mount), "mount", "must be the path of an auth method, such as userpass or team/oidc")
	out.AddIf(l.Role != "" && l.Method != LoginOIDC, "role", "must not be set: only the method oidc has roles")
	out.AddIf(len(l.Label) > maxLabel, "label", "must have at most %d bytes", maxLabel)
	return out
}

func (d WebDaemon) problems() (out problem.List) {
	out.AddIf(d.Socket != "" && d.URL != "", "url", "must not be set together with socket")
	out.AddIf(len(d.Socket) > maxSocketPath, "socket", "must be a path of at most %d bytes", maxSocketPath)
	if d.URL == "" {
		out.AddIf(d.TokenFile != "" || d.CACert != "", "url", "is required with token_file and ca_cert")
		return out
	}
	u, err := httpclient.ParseURL(d.URL)
	out.AddIf(err != nil || u.Scheme != "https", "url", "must begin with https://, such as https://relay-sync:9464")
	out.AddIf(d.TokenFile == "", "token_file", "is required; the token of the daemon's remote_access")
	return out
}
