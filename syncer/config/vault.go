// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"math"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// minWritesPerSecond is one write in a hundred seconds.
const minWritesPerSecond = 0.01

// Vault is the Vault settings and the path to write to. Credentials come from files only,
// never from the environment: child processes could inherit that.
type Vault struct {
	// Address is Vault's URL. Required.
	Address string `yaml:"address"`
	// AllowHTTP allows an Address with http:// that is not of this machine. Others on the
	// network can then read the token and all values; false if unset.
	AllowHTTP bool `yaml:"allow_http"`
	// Namespace is a Vault Enterprise or OpenBao namespace.
	Namespace string `yaml:"namespace"`
	// Mount is the KV v2 mount; "customers" if unset.
	Mount string `yaml:"mount"`
	// Prefix is the path between the mount and the workflow; "workflows" if unset. The
	// prefixes "relay-sync" and "connections" are reserved.
	Prefix string `yaml:"prefix"`
	// Domain is the owner of the connections: the folder below connections/ in the
	// mount. Required if a source has connections.
	Domain string `yaml:"domain"`
	// TokenFile is the file of the token. relay-sync reads it again when it has changed,
	// and when Vault denies a request. It never renews the token: what writes the file
	// does, such as Vault Agent. Exactly one of it and Login is required.
	TokenFile string `yaml:"token_file"`
	// Login gets a token by a login. relay-sync renews it, and revokes it at the end.
	Login Login `yaml:"login"`
	// CACert is a PEM file of certificate authorities that replace those of the system.
	CACert string `yaml:"ca_cert"`
	// ClientCert and ClientKey are PEM files for mutual TLS.
	ClientCert string `yaml:"client_cert"`
	ClientKey  string `yaml:"client_key"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
	// RedirectHosts are the hosts, each with its port unless that is 443, to which
	// relay-sync follows a redirect and sends the token: those to which a standby
	// redirects.
	RedirectHosts []string `yaml:"redirect_hosts"`
	// Concurrency is the number of concurrent requests; 16 if unset.
	Concurrency int `yaml:"concurrency"`
	// WritesPerSecond limits how many secrets all sources together write, delete or
	// release in a second; unlimited if unset. Each takes two requests, of which the
	// second, for the record, never waits.
	WritesPerSecond float64 `yaml:"writes_per_second"`
	// Settle is how long a record may take to follow its value, and how old another
	// writer's version must be before it is repaired; 30s if unset.
	Settle time.Duration `yaml:"settle"`
	// MaxValueBytes limits the size of a value after encoding (what is not text is stored
	// as base64, which is larger by a third); 524288 if unset.
	MaxValueBytes int `yaml:"max_value_bytes"`
}

// Root is the namespace, mount and prefix of all workflows.
func (v Vault) Root() secrets.Scope {
	return secrets.Scope{Namespace: secrets.CanonicalNamespace(v.Namespace), Mount: v.Mount, Prefix: v.Prefix}
}

// problems returns what is wrong with the settings for Vault. It reads no file: verify
// works without them.
func (v Vault) problems() (out problem.List) {
	switch n := len(v.Login.logins()); {
	case n == 0 && v.TokenFile == "":
		out.Add("token_file", "is required; a file that contains only the token. Or set vault.login, with approle, jwt, kubernetes or cert")
	case n > 1, n == 1 && v.TokenFile != "":
		out.Add("login", "must be the only credential; token_file, approle, jwt, kubernetes and cert exclude each other")
	}
	return append(out, v.problemsOfAddress()...)
}

// problemsOfAddress is problems of everything but the credentials.
func (v Vault) problemsOfAddress() (out problem.List) {
	for _, p := range v.Settings("").Problems() {
		// The file has no token: problems has its own check. A proxy in the file
		// must not have credentials.
		out.AddIf(p.Path != "token" && p.Path != "proxy", p.Path, "%s", p.Text)
	}
	out.AddError("proxy", httpclient.CheckProxy(v.Proxy))
	out.AddError("mount", secrets.CheckPath("mount", v.Mount))
	out.AddError("prefix", secrets.CheckPrefix(v.Prefix))
	if v.Domain != "" {
		out.AddError("domain", secrets.CheckName("domain", v.Domain))
	}
	rate := v.WritesPerSecond
	out.AddIf(rate < 0 || rate > 0 && rate < minWritesPerSecond || math.IsInf(rate, 0) || math.IsNaN(rate),
		"writes_per_second", "must be %v or more; omit it for no limit", minWritesPerSecond)
	out.AddIf(v.Settle < 0 || v.Settle > time.Hour, "settle", "must be a duration up to 1h, such as 30s")
	out.AddIf(v.MaxValueBytes < 0, "max_value_bytes", "must not be negative")
	return out
}
