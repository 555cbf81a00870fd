// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// expiredServer serves with a certificate that expired, and returns its authority.
func expiredServer(t *testing.T) (address, authority string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestFailedConnectionNamesItsCause: who reads the error checks the right thing first. No
// request was sent, so a write is not in doubt.
func TestFailedConnectionNamesItsCause(t *testing.T) {
	t.Parallel()
	secure, authority := serveTLS(t, http.NotFoundHandler())
	plain, _ := serve(t, http.StatusNotFound, `{"errors":[]}`)
	expired, expiredAuthority := expiredServer(t)
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(denying.Close)
	overTLS := func(address string) string { return strings.Replace(address, "http://", "https://", 1) }
	withoutTLS := func(address string) string { return strings.Replace(address, "https://", "http://", 1) }
	for _, row := range []struct {
		name string
		cfg  Settings
		want error
		text string
	}{
		{"https to a port without TLS", Settings{Address: overTLS(plain)}, kv.ErrNotTLS, "begin the address with http://"},
		{"http to a port with TLS", Settings{Address: withoutTLS(secure.URL)}, kv.ErrNeedsTLS, "begin the address with https://"},
		{"an unknown host", Settings{Address: "https://no-such-host.invalid:8200"}, kv.ErrHostNotFound, "host name not found"},
		{"an expired certificate", Settings{Address: expired, CACertPEM: expiredAuthority}, kv.ErrTLSInvalid, "has expired"},
		{"another name", Settings{Address: secure.URL, CACertPEM: authority, TLSServerName: "vault.internal"}, kv.ErrTLSName, "not for the host name"},
		{"an unknown authority", Settings{Address: secure.URL}, kv.ErrTLS, "CA certificate"},
		{"a proxy that denies", Settings{Address: secure.URL, CACertPEM: authority, Proxy: denying.URL}, kv.ErrProxyUnreachable, "configured proxy"},
		{"a proxy that is down", Settings{Address: secure.URL, CACertPEM: authority, Proxy: "http://127.0.0.1:1"}, kv.ErrProxyUnreachable, "configured proxy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.cfg.MaxRetries = new(0)
			_, err := connect(t, row.cfg).WriteData(context.Background(), entry, "hunter2", 0)
			failed, ok := errors.AsType[*kv.Error](err)
			if !ok || failed.Cause != row.want || failed.OutcomeUnknown() || !failed.AffectsAll() || !strings.Contains(err.Error(), row.text) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if row.want != kv.ErrNeedsTLS && !strings.HasPrefix(err.Error(), "connect to "+row.cfg.Address) {
				t.Errorf("the error does not name the connection: %v", err)
			}
		})
	}
}

// TestCanceledRequestIsNotAFailedConnection: the cause is who canceled.
func TestCanceledRequestIsNotAFailedConnection(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := connect(t, Settings{Address: "http://127.0.0.1:1"}).ReadMetadata(ended, entry)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAddressWithAPathOfVaultIsRejected: requests would go to /v1/v1/ and show as an
// invalid token.
func TestAddressWithAPathOfVaultIsRejected(t *testing.T) {
	t.Parallel()
	for address, rejected := range map[string]bool{
		"https://vault.example.com:8200/v1": true, "https://vault.example.com:8200/v1/": true,
		"https://vault.example.com:8200/ui": true, "https://gateway.example.com/vault/v1": true,
		"https://gateway.example.com/vault": false, "https://v1.example.com": false, "https://vault.example.com:8200/": false,
	} {
		problems := Settings{Address: address, Token: "hvs.x"}.Problems()
		found := len(problems) == 1 && problems[0].Path == "address" && strings.Contains(problems[0].Text, "must not contain the path /")
		if found != rejected || len(problems) > 1 {
			t.Errorf("%s: %v", address, problems)
		}
	}
}
