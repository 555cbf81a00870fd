// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

func (cfg Settings) tls() (*tls.Config, error) {
	authorities, caErr := cfg.authorities()
	certificates, clientErr := cfg.certificates()
	out := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: cfg.TLSServerName, RootCAs: authorities, Certificates: certificates,
	}
	return out, errors.Join(caErr, blame("ClientCert", clientErr))
}

// authorities are those to trust; nil for the system's.
func (cfg Settings) authorities() (*x509.CertPool, error) {
	pem := []byte(cfg.CACertPEM)
	setting, where := "CACertPEM", ""
	switch {
	case cfg.CACert != "" && cfg.CACertPEM != "":
		return nil, blame(setting, errors.New("Vault's CA certificate is given as a file and as PEM text: keep one"))
	case cfg.CACert != "":
		var err error
		if pem, err = os.ReadFile(cfg.CACert); err != nil {
			return nil, blame("CACert", fmt.Errorf("reading Vault's CA certificate: %w", err))
		}
		setting, where = "CACert", " "+cfg.CACert
	case cfg.CACertPEM == "":
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, blame(setting, fmt.Errorf("reading Vault's CA certificate%s: no PEM certificate in it", where))
	}
	return pool, nil
}

// certificates are ours for mutual TLS; none for none.
func (cfg Settings) certificates() ([]tls.Certificate, error) {
	if (cfg.ClientCert == "") != (cfg.ClientKey == "") {
		return nil, errors.New("a client certificate needs both its certificate and its key file")
	}
	if cfg.ClientCert == "" {
		if _, needed := cfg.Login.(*Cert); needed {
			return nil, errors.New("logging in by certificate needs a client certificate and its key file")
		}
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.ClientCert, cfg.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("loading the client certificate %s with key %s: they are not a pair of PEM files", cfg.ClientCert, cfg.ClientKey)
	}
	return []tls.Certificate{pair}, nil
}
