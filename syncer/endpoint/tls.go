// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"crypto/tls"
	"log/slog"
	"net"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// TLS is the configuration for ServeTLS with a certificate and its key, in PEM files. They
// are read again when they have changed. Files that cannot be used, such as half of a pair,
// leave the certificate as it is; to gets a warning once for each such change.
func TLS(certificate, key string, to *slog.Logger) (*tls.Config, error) {
	read := func() (*tls.Certificate, error) {
		pair, err := conffile.KeyPair(certificate, key)
		return &pair, err
	}
	pair, err := conffile.NewReloaded(read, noted(to, "certificate", "write a certificate in PEM format and its own key; the next connection reads them again", certificate), certificate, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return pair.Get(), nil
	}}, nil
}

// noted logs what became of a file that was replaced.
func noted(to *slog.Logger, what, hint, file string) func(error) {
	return func(err error) {
		if err != nil {
			to.Warn(what+" cannot be used, the previous one stays in use", "file", file, "err", err, "hint", hint)
			return
		}
		to.Info(what+" replaced", "file", file)
	}
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
