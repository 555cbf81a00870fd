// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpproxy"
)

var errProxy = errors.New("must be the URL of a proxy, such as http://proxy.example.com:3128")

// CheckProxy checks the address of a proxy in a configuration, where it must not
// contain credentials. An empty address means no proxy. The error does not quote the address.
func CheckProxy(address string) error {
	u, err := parseProxy(address)
	if err == nil && u != nil && u.User != nil {
		return errors.New("must not contain credentials")
	}
	return err
}

// parseProxy returns nil for no proxy.
func parseProxy(address string) (*url.URL, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errProxy // err quotes the address
	}
	return u, nil
}

// ProxyError is a proxy that did not connect to the server.
type ProxyError struct {
	// Status is the HTTP status of the proxy's answer.
	Status int
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy did not connect to the server (HTTP %d)", e.Status)
}

func checkProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &ProxyError{answer.StatusCode}
	}
	return nil
}

func (s Settings) proxyFunc() (func(*http.Request) (*url.URL, error), error) {
	proxy, err := parseProxy(s.Proxy)
	if err != nil || proxy == nil {
		return nil, err
	}
	if s.NoProxy == "" {
		return http.ProxyURL(proxy), nil
	}
	choose := (&httpproxy.Config{HTTPProxy: s.Proxy, HTTPSProxy: s.Proxy, NoProxy: s.NoProxy}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }, nil
}
