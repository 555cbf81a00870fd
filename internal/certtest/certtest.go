// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

// Write writes a new certificate for 127.0.0.1 and localhost, which is its own authority,
// and its key to two PEM files.
func Write(t testing.TB, certificate, key string) {
	t.Helper()
	WriteUntil(t, certificate, key, time.Now().Add(24*time.Hour))
}

// WriteUntil is Write for a certificate that began an hour before it ends, or an hour ago.
func WriteUntil(t testing.TB, certificate, key string, until time.Time) {
	t.Helper()
	from := time.Now().Add(-time.Hour)
	if !from.Before(until) {
		from = until.Add(-time.Hour)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certificate, "CERTIFICATE", public)
	write(t, key, "PRIVATE KEY", encoded)
}

func write(t testing.TB, path, kind string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
		t.Fatal(err)
	}
}
