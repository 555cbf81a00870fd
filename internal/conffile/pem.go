// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

var errNoCertificate = errors.New("no certificate found in PEM format")

// CertPool returns the certificate authorities in a PEM file.
func CertPool(path string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if err := AddCerts(pool, path); err != nil {
		return nil, err
	}
	return pool, nil
}

// AddCerts adds the certificate authorities in a PEM file to a pool.
func AddCerts(pool *x509.CertPool, path string) error {
	data, err := Read(path, MaxPEMBytes)
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(data) {
		return failed(path, errNoCertificate)
	}
	return nil
}

// KeyPair returns the client certificate and private key for mutual TLS from two
// PEM files.
func KeyPair(certificate, key string) (tls.Certificate, error) {
	certificatePEM, err := Read(certificate, MaxPEMBytes)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyPEM, err := Read(key, MaxPEMBytes)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil { // which may quote the files
		return tls.Certificate{}, fmt.Errorf("read %s and %s: not a certificate and its private key in PEM format", Display(certificate), Display(key))
	}
	return pair, nil
}
