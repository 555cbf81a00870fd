// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"crypto/tls"
	"net"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// TLS is the configuration for ServeTLS with a certificate and its key, in PEM files. They
// are read again when they have changed. Files that cannot be used, such as half of a pair,
// leave the certificate as it is.
func TLS(certificate, key string) (*tls.Config, error) {
	version := conffile.VersionOf(certificate, key)
	current, err := conffile.KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		if now := conffile.VersionOf(certificate, key); !now.Same(version) {
			if next, err := conffile.KeyPair(certificate, key); err == nil {
				current, version = next, now
			}
		}
		pair := current
		return &pair, nil
	}}, nil
}

// ServeTLS is Serve with TLS.
func (s *Server) ServeTLS(l net.Listener, config *tls.Config) error {
	return s.http.Serve(tls.NewListener(listener{l, s.open}, config))
}

// counted is the counted connection below one with TLS.
func counted(c net.Conn) *connection {
	if secure, is := c.(*tls.Conn); is {
		c = secure.NetConn()
	}
	return c.(*connection)
}
