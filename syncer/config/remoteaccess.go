// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// RemoteAccess is an address at which relay-sync web on another machine reaches the daemon,
// with TLS and a token. It answers what Socket answers, except that it does not sync on
// request.
type RemoteAccess struct {
	// Listen is the address, such as :9464. Required.
	Listen string `yaml:"listen"`
	// CertFile and KeyFile are PEM files of the certificate and its key. They may be
	// replaced at any time. Required.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// TokenFile is a file with the token that relay-sync web sends, of 16 bytes or more,
	// such as from `openssl rand -hex 32`. It may be replaced at any time. Required.
	TokenFile string `yaml:"token_file"`
}

func (r *RemoteAccess) files() []*string { return []*string{&r.CertFile, &r.KeyFile, &r.TokenFile} }

// remoteAccessProblems reads no file.
func (cfg *Config) remoteAccessProblems() (out problem.List) {
	r := cfg.RemoteAccess
	out.AddIf(!listenable(r.Listen), "listen", "is required; an address and a port, such as :9464")
	out.AddIf(r.Listen != "" && (r.Listen == cfg.Listen || r.Listen == cfg.ListenWebhooks), "listen", "must be a different address from listen and listen_webhooks, which have no TLS")
	out.AddIf(r.CertFile == "", "cert_file", "is required; a PEM file of the certificate")
	out.AddIf(r.KeyFile == "", "key_file", "is required; a PEM file of the certificate's key")
	out.AddIf(r.TokenFile == "", "token_file", "is required; a file with a token of 16 bytes or more, such as from openssl rand -hex 32")
	return out
}

// fileProblems reads the files.
func (r *RemoteAccess) fileProblems() (out problem.List) {
	_, err := conffile.KeyPair(r.CertFile, r.KeyFile)
	out.AddError("cert_file", err)
	out.AddError("token_file", endpoint.CheckToken(r.TokenFile))
	return out
}
