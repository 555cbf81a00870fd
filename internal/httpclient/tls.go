// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// tls reads the files of the settings.
func (s Settings) tls() (*tls.Config, problem.List) {
	var problems problem.List
	authorities := s.authorities(&problems)
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.ServerName, RootCAs: authorities}
	if s.ClientCert != "" && s.ClientKey != "" {
		pair, err := conffile.KeyPair(s.ClientCert, s.ClientKey)
		problems.AddError("client_cert", err)
		out.Certificates = []tls.Certificate{pair}
	}
	if s.ClientCertPEM != "" && s.ClientKeyPEM != "" {
		pair, err := tls.X509KeyPair([]byte(s.ClientCertPEM), []byte(s.ClientKeyPEM))
		problems.AddIf(err != nil, "client_cert", "not a certificate and its private key in PEM format") // err may quote them
		out.Certificates = []tls.Certificate{pair}
	}
	return out, problems
}

// authorities returns the certificate authorities to trust; nil for the system's.
func (s Settings) authorities(problems *problem.List) *x509.CertPool {
	if s.CACert == "" && s.CACertPEM == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if s.SystemCAs {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			problems.AddError("ca_cert", fmt.Errorf("read the system's certificate authorities: %w", err))
			return nil
		}
	}
	if s.CACert != "" {
		problems.AddError("ca_cert", conffile.AddCerts(pool, s.CACert))
	} else {
		problems.AddIf(!pool.AppendCertsFromPEM([]byte(s.CACertPEM)), "ca_cert_pem", "no certificate found in PEM format")
	}
	return pool
}

// reloader replaces the transport when one of the files has changed: at a rename, a
// write, or when Kubernetes swaps the link behind a mounted Secret. Files that cannot
// be used, such as half of a pair, leave the previous transport in place.
type reloader struct {
	settings Settings
	files    []string

	mu      sync.Mutex
	seen    conffile.Version
	current *http.Transport
}

func newReloader(s Settings) (*reloader, error) {
	r := &reloader{settings: s}
	for _, file := range []string{s.CACert, s.ClientCert, s.ClientKey} {
		if file != "" {
			r.files = append(r.files, file)
		}
	}
	// Before the files are read: a change in between is seen at the next request.
	r.seen = conffile.VersionOf(r.files...)
	var err error
	r.current, err = s.newTransport()
	return r, err
}

// get returns the transport for the files as they are now. A stat is cheap compared with
// a request. A check only at a handshake would keep connections to a server whose
// authority has been removed.
func (r *reloader) get() *http.Transport {
	if len(r.files) == 0 {
		return r.current
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := conffile.VersionOf(r.files...)
	if now.Same(r.seen) {
		return r.current
	}
	next, err := r.settings.newTransport()
	if err != nil {
		return r.current
	}
	r.current.CloseIdleConnections()
	r.current, r.seen = next, now
	return r.current
}
