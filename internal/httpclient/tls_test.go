// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }

// ownCertificate makes a self-signed certificate that no other test server has.
func ownCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestReplacedCAFileIsUsedWithoutRestart(t *testing.T) {
	t.Parallel()
	first, _ := serve(t, &tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}}, ok)
	second, _ := serve(t, &tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}}, ok)
	folder := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Join(folder, name), 0o700),
			os.WriteFile(filepath.Join(folder, name, "ca.pem"), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	// As Kubernetes mounts a Secret: the file is reached over a link that is replaced.
	point := func(name string) {
		t.Helper()
		next, link := filepath.Join(folder, "next"), filepath.Join(folder, "..data")
		if err := errors.Join(os.Symlink(name, next), os.Rename(next, link)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", certificatePEM(first))
	write("two", certificatePEM(second))
	point("one")
	client := newClient(t, httpclient.Settings{CACert: filepath.Join(folder, "..data", "ca.pem")})
	check := func(when, url string, trusted bool) {
		t.Helper()
		_, _, err := get(t, client, url)
		if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); (err == nil) != trusted || untrusted == trusted {
			t.Errorf("%s: %s: %v, want trusted %v", when, url, err, trusted)
		}
	}
	check("first file", first.URL, true)
	check("first file", second.URL, false)
	point("two")
	check("second file", second.URL, true)
	check("second file", first.URL, false)
	write("two", "not a certificate")
	check("a file that cannot be used", second.URL, true)
	write("two", certificatePEM(first)+certificatePEM(second))
	check("written again", first.URL, true)
	check("written again", second.URL, true)
}

func TestTLS11IsRejected(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ok) //nolint:gosec // the point of the test
	_, _, err := get(t, newClient(t, httpclient.Settings{CACert: caCert}), server.URL)
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v", err)
	}
}

func TestAuthoritiesReplaceTheSystemsUnlessAdded(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, nil, ok)
	for name, s := range map[string]httpclient.Settings{
		"file": {CACert: caCert}, "text": {CACertPEM: certificatePEM(server)}, "besides the system's": {CACert: caCert, SystemCAs: true},
	} {
		if status, body, err := get(t, newClient(t, s), server.URL); status != 200 || body != "ok" || err != nil {
			t.Errorf("%s: %d %q %v", name, status, body, err)
		}
	}
	if _, _, err := get(t, newClient(t, httpclient.Settings{}), server.URL); err == nil {
		t.Error("an unknown authority is trusted")
	}
}

func TestUnusableFilesAreProblems(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, nil, ok)
	text := writeFile(t, "not a certificate")
	for path, s := range map[string]httpclient.Settings{
		"ca_cert":           {CACert: text},
		"ca_cert_pem":       {CACertPEM: certificatePEM(server), CACert: caCert},
		"client_cert":       {ClientCert: caCert},
		"proxy":             {Proxy: "proxy.example.com:3128"},
		"redirect_hosts[0]": {RedirectHosts: []string{"https://host"}},
	} {
		problems := append(s.Problems(), s.FileProblems()...)
		if len(problems) != 1 || problems[0].Path != path {
			t.Errorf("%s: %v", path, problems)
		}
		if _, err := httpclient.New(s); err == nil {
			t.Errorf("%s: New accepts it", path)
		}
	}
	if problems := (httpclient.Settings{CACert: "/nonexistent/ca.pem"}).FileProblems(); len(problems) != 1 || !errors.Is(problems[0], os.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", problems)
	}
}
