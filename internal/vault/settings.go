// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Defaults and bounds of the settings.
const (
	DefaultConcurrency    = kv.DefaultConcurrency
	DefaultMaxRetries     = 3
	defaultRequestTimeout = 30 * time.Second

	// maxConcurrency and retriesLimit are the largest valid values.
	maxConcurrency = 1000
	retriesLimit   = 100
)

// Settings are the Vault settings: address, login, TLS, limits. The environment is not
// read.
type Settings struct {
	// Address is Vault's URL, such as https://vault.example.com:8200. Required.
	Address string
	// Namespace is a Vault Enterprise or OpenBao namespace; empty for none.
	Namespace string
	// Token authenticates every request. One of Token, TokenFile and Login is
	// required.
	Token string
	// TokenFile is a file that contains only the token. It is read again when it has
	// changed, and when Vault denies a request.
	TokenFile string
	// Login gets a token at the first request, and another one after that has expired.
	Login Login
	// CACert is a PEM file with the authorities to trust in place of the system's.
	CACert string
	// CACertPEM is the content of such a file. At most one of both is set.
	CACertPEM string
	// ClientCert and ClientKey are PEM files for mutual TLS; both or none.
	ClientCert string
	ClientKey  string
	// TLSServerName is the name that Vault's certificate must be for; empty for the host
	// of the address.
	TLSServerName string
	// Proxy is the URL of an HTTP, HTTPS or SOCKS5 proxy; empty for none. NoProxy lists
	// hosts to reach without it, as the variable NO_PROXY does.
	Proxy, NoProxy string
	// RedirectHosts are the hosts, such as vault-1.example.com:8200, to which a
	// redirect is followed, with the token: those to which a standby redirects.
	RedirectHosts []string
	// RedirectSetting is where the caller has RedirectHosts, for the error of a redirect
	// that is not followed; redirect_hosts if empty.
	RedirectSetting string
	// AllowHTTP allows an address of another machine without TLS: others on the way can read
	// the token and all values.
	AllowHTTP bool
	// HTTPSetting is where the caller has AllowHTTP, for the error of such an address;
	// allow_http if empty.
	HTTPSetting string
	// Headers are sent with every request, for proxies in front of Vault. Those of Vault
	// itself, X-Vault-..., are rejected.
	Headers map[string]string
	// Concurrency bounds the concurrent requests, and so the connections. 0 means
	// DefaultConcurrency.
	Concurrency int
	// MaxRetries is how often a request is repeated. A data write is repeated only after
	// a 429, with which Vault has not executed it. Nil means DefaultMaxRetries.
	MaxRetries *int
	// UserAgent identifies the caller in Vault's audit log, such as "relay-sync/1.2.3".
	UserAgent string
	// RequestTimeout bounds one request with its retries. 0 means
	// defaultRequestTimeout.
	RequestTimeout time.Duration
}

// Check returns all problems of the settings and of the files in them. Paths follow the
// fields: address, ca_cert, login.approle.role_id. A client certificate that does not
// match its key is reported at client_cert. No text contains a credential.
func (cfg Settings) Check() problem.List {
	return append(cfg.Problems(), cfg.FileProblems()...)
}

// FileProblems is the part of Check that reads files.
func (cfg Settings) FileProblems() problem.List {
	var problems problem.List
	_ = cfg.token(&problems)
	return append(problems, cfg.http().FileProblems()...)
}

// Problems is Check without the files.
func (cfg Settings) Problems() problem.List {
	out := cfg.addressProblems()
	cfg.checkCredentials(&out)
	_, needed := cfg.Login.(*Cert)
	out.AddIf(needed && cfg.ClientCert == "" && cfg.ClientKey == "", "client_cert",
		"is required to log in by certificate, together with the file of its private key")
	return out
}

// addressProblems is the part of Problems about everything but credentials.
func (cfg Settings) addressProblems() problem.List {
	var out problem.List
	out.AddError("address", cfg.checkAddress())
	out = append(out, cfg.http().Problems()...)
	out.AddError("headers", checkHeaders(cfg.Headers))
	cfg.checkNumbers(&out)
	return out
}

// Warnings returns one warning for each credential file that every user of the
// machine can read, except for the one that Kubernetes mounts in a pod.
func (cfg Settings) Warnings() []string {
	files := []string{cfg.TokenFile, cfg.ClientKey}
	if cfg.Login != nil {
		if _, file := cfg.Login.file(); file != defaultKubernetesTokenFile {
			files = append(files, file)
		}
	}
	return conffile.Warnings(files...)
}

func (cfg Settings) checkAddress() error {
	if cfg.Address == "" {
		return errors.New("is required, such as https://vault.example.com:8200")
	}
	u, err := httpclient.ParseAddress(cfg.Address)
	if err != nil {
		return err
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "v1" || segment == "ui" {
			return fmt.Errorf("must not contain the path /%s of Vault's %s, such as https://vault.example.com:8200",
				segment, map[string]string{"v1": "API", "ui": "web page"}[segment])
		}
	}
	if err := httpclient.RequireTLS(u); err != nil && !cfg.AllowHTTP {
		return fmt.Errorf("%w; if others cannot read the network, set %s to true", err, cmp.Or(cfg.HTTPSetting, "allow_http"))
	}
	return nil
}

// http returns the part of the settings that the HTTP client needs.
func (cfg Settings) http() httpclient.Settings {
	return httpclient.Settings{
		CACert: cfg.CACert, CACertPEM: cfg.CACertPEM, ClientCert: cfg.ClientCert, ClientKey: cfg.ClientKey,
		ServerName: cfg.TLSServerName, Proxy: cfg.Proxy, NoProxy: cfg.NoProxy,
		RedirectHosts: cfg.RedirectHosts, RedirectSetting: cmp.Or(cfg.RedirectSetting, "redirect_hosts"), AllowHTTP: cfg.AllowHTTP,
		UserAgent: cfg.UserAgent, MaxResponseBytes: maxResponseBytes,
	}
}

func (cfg Settings) checkNumbers(problems *problem.List) {
	problems.AddIf(cfg.Concurrency < 0 || cfg.Concurrency > maxConcurrency, "concurrency", "must be 1 to %d", maxConcurrency)
	n := cfg.MaxRetries
	problems.AddIf(n != nil && (*n < 0 || *n > retriesLimit), "max_retries", "must be 0 to %d", retriesLimit)
	problems.AddIf(cfg.RequestTimeout < 0, "request_timeout", "must not be negative")
}

// checkCredentials reports all problems except those of the login at token, because any
// of three settings can be the one to add or to remove.
func (cfg Settings) checkCredentials(problems *problem.List) {
	given := 0
	for _, is := range []bool{cfg.Token != "", cfg.TokenFile != "", cfg.Login != nil} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		problems.Add("token", "is required; set a token, a token file or a login")
	case given > 1:
		problems.Add("token", "must be the only credential; a token, a token file and a login exclude each other")
	case cfg.Login != nil:
		problems.AddList("login", cfg.Login.problems())
	case cfg.Token != "":
		_, err := conffile.CheckToken(cfg.Token)
		problems.AddError("token", err)
	}
}

// token returns the token of the first request; empty if a login gets it. It reads
// the files of the credentials.
func (cfg Settings) token(problems *problem.List) string {
	if cfg.Login != nil {
		if field, file := cfg.Login.file(); file != "" {
			_, err := conffile.Token(file)
			problems.AddError("login."+field, err)
		}
		return ""
	}
	if cfg.TokenFile != "" {
		token, err := conffile.Token(cfg.TokenFile)
		problems.AddError("token_file", err)
		return token
	}
	return strings.TrimSpace(cfg.Token)
}
