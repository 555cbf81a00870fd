// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	keepAlive        = 30 * time.Second
	idleTimeout      = 90 * time.Second
	pingAfter        = 10 * time.Second
	pingTimeout      = 5 * time.Second
	maxHeaderBytes   = 64 << 10
)

// Settings describe a client. The zero value trusts the system's authorities, uses
// no proxy, returns redirects as they are and leaves the limits to the caller.
type Settings struct {
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string
	// CACertPEM is the content of such a file. At most one of both is set.
	CACertPEM string
	// SystemCAs adds the system's authorities to those of CACert.
	SystemCAs bool
	// ClientCert and ClientKey are PEM files for mutual TLS; both or none.
	ClientCert, ClientKey string
	// ClientCertPEM and ClientKeyPEM are the contents of such files; not together with them.
	ClientCertPEM, ClientKeyPEM string
	// ServerName is the name that the server's certificate must be for; empty for the
	// host of the address.
	ServerName string

	// Socket is the path of a Unix socket to connect to, in place of the host of the
	// address.
	Socket string

	// Proxy is the URL of an HTTP, HTTPS or SOCKS5 proxy; empty for none.
	Proxy string
	// NoProxy lists hosts to reach without the proxy, as the variable NO_PROXY does.
	// If it is set, this machine itself is always reached without the proxy.
	NoProxy string

	// RedirectHosts are the hosts, with a port if it is not the scheme's own, to which
	// a redirect is followed.
	RedirectHosts []string
	// RedirectSetting is the name of the setting with RedirectHosts, for errors. If it
	// is empty, the client returns a redirect as a response like any other.
	RedirectSetting string

	// AllowHTTP allows a redirect from http:// to another machine without TLS. The caller
	// checks the first address by RequireTLS.
	AllowHTTP bool

	// UserAgent replaces the User-Agent header of requests; empty leaves it.
	UserAgent string
	// Timeout bounds a request with its response; 0 for no limit.
	Timeout time.Duration
	// HeaderTimeout bounds the wait for the headers of a response; 0 for no limit.
	HeaderTimeout time.Duration
	// MaxResponseBytes bounds the body of a response; 0 where the caller bounds it.
	MaxResponseBytes int64
	// MaxConns bounds the connections to a host; 0 for no limit.
	MaxConns int
}

// Problems lists what is wrong with the settings, by the keys that configurations
// use: ca_cert_pem, client_cert, proxy and redirect_hosts. It reads no file.
func (s Settings) Problems() problem.List {
	var out problem.List
	out.AddIf(s.CACert != "" && s.CACertPEM != "", "ca_cert_pem", "must not be set together with a CA certificate file")
	out.AddIf((s.ClientCert == "") != (s.ClientKey == ""), "client_cert", "must be set together with the file of its private key")
	out.AddIf((s.ClientCertPEM == "") != (s.ClientKeyPEM == ""), "client_cert", "must be set together with its private key")
	_, err := parseProxy(s.Proxy)
	out.AddError("proxy", err)
	for i, host := range s.RedirectHosts {
		out.AddError(problem.Index("redirect_hosts", i), CheckHost(host))
	}
	return out
}

// FileProblems lists what is wrong with the files and the PEM text, at ca_cert,
// ca_cert_pem and client_cert.
func (s Settings) FileProblems() problem.List {
	_, problems := s.tls()
	return problems
}

// New makes a client. The error is a *problem.Error with the problems that Problems
// and FileProblems list.
func New(s Settings) (*http.Client, error) {
	if problems := s.Problems(); len(problems) > 0 {
		return nil, problems.Err()
	}
	inner, err := newReloader(s)
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport: &transport{settings: s, inner: inner},
		// Redirects are followed by the transport, which knows the hosts.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       s.Timeout,
	}, nil
}

// newTransport makes the transport of net/http for the files as they are now.
func (s Settings) newTransport() (*http.Transport, error) {
	trust, problems := s.tls()
	if len(problems) > 0 {
		return nil, problems.Err()
	}
	proxy, err := s.proxyFunc()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	dial := dialer.DialContext
	if s.Socket != "" {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", s.Socket)
		}
	}
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxyAnswer,
		DialContext:            dial,
		TLSClientConfig:        trust,
		TLSHandshakeTimeout:    handshakeTimeout,
		ForceAttemptHTTP2:      true,
		// HTTP/2 has one connection for all requests. Without pings, new ones go over a dead
		// one until the kernel gives up, after a quarter of an hour.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxIdleConns:           s.MaxConns,
		MaxIdleConnsPerHost:    s.MaxConns,
		MaxConnsPerHost:        s.MaxConns,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  time.Second,
		ResponseHeaderTimeout:  s.HeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}, nil
}
