// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// checkTLS reads no file.
func (cfg Settings) checkTLS(problems *problem.List) {
	problems.AddIf(cfg.CACert != "" && cfg.CACertPEM != "", "ca_cert_pem",
		"must not be set together with a CA certificate file")
	problems.AddIf((cfg.ClientCert == "") != (cfg.ClientKey == ""), "client_cert",
		"must be set together with the file of its private key")
	_, needed := cfg.Login.(*Cert)
	problems.AddIf(needed && cfg.ClientCert == "" && cfg.ClientKey == "", "client_cert",
		"is required to log in by certificate, together with the file of its private key")
}

// tls reads the files that the settings name.
func (cfg Settings) tls(problems *problem.List) *tls.Config {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.TLSServerName}
	switch {
	case cfg.CACert != "":
		pool, err := conffile.CertPool(cfg.CACert)
		problems.AddError("ca_cert", err)
		out.RootCAs = pool
	case cfg.CACertPEM != "":
		out.RootCAs = x509.NewCertPool()
		problems.AddIf(!out.RootCAs.AppendCertsFromPEM([]byte(cfg.CACertPEM)), "ca_cert_pem", "no certificate found in PEM format")
	}
	if cfg.ClientCert != "" && cfg.ClientKey != "" {
		pair, err := conffile.KeyPair(cfg.ClientCert, cfg.ClientKey)
		problems.AddError("client_cert", err)
		out.Certificates = []tls.Certificate{pair}
	}
	return out
}
