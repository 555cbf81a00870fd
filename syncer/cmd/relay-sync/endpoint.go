// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// boundEndpoint is a bound address, which can serve one configuration after the other.
type boundEndpoint struct {
	server  *endpoint.Server
	handler atomic.Pointer[http.Handler]
	// secure is the configuration of TLS; nil without TLS.
	secure atomic.Pointer[tls.Config]
	// socket is the path of a Unix socket; empty for an address.
	socket string
	// listener is not served before the first handler.
	listener net.Listener
	serving  bool
}

// endpoints are the endpoints of a configuration by their address, or that of withTLS.
type endpoints map[string]*boundEndpoint

// withTLS is the key of an address with TLS: it is never shared with one without.
func withTLS(address string) string {
	if address == "" {
		return ""
	}
	return secureScheme + address
}

const secureScheme = "https://"

// bind binds an address for a handler that is used from start on. An address that
// current has bound is shared with it. what names the setting, for errors. key is an
// address, or that of withTLS.
func (e endpoints) bind(ctx context.Context, current endpoints, what, key string) error {
	if key == "" {
		return nil
	}
	if shared := current[key]; shared != nil {
		e[key] = shared
		return nil
	}
	address := strings.TrimPrefix(key, secureScheme)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: %w. Hint: stop the program that uses %s; if it is this daemon, by another form of the address, restart it", what, err, address)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	e[key] = &boundEndpoint{listener: listener}
	return nil
}

// bindSocket binds a Unix socket like bind. The file of a daemon that was killed is
// replaced; one at which a daemon answers is not.
func (e endpoints) bindSocket(ctx context.Context, current endpoints, path string, mode fs.FileMode) error {
	if path == "" {
		return nil
	}
	if shared := current[path]; shared != nil {
		e[path] = shared
		return os.Chmod(path, mode)
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("socket: %s already exists and is not a socket", conffile.Display(path))
	}
	if other, err := new(net.Dialer).DialContext(ctx, "unix", path); err == nil {
		_ = other.Close()
		return fmt.Errorf("socket: another daemon answers at %s. Hint: stop it, or set another socket", conffile.Display(path))
	}
	// Under another name until it has its mode, so that it is never open to others.
	fresh := path + ".new"
	_ = os.Remove(fresh)
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", fresh)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := errors.Join(os.Chmod(fresh, mode), os.Rename(fresh, path)); err != nil {
		return errors.Join(fmt.Errorf("socket: %w", err), listener.Close())
	}
	e[path] = &boundEndpoint{listener: listener, socket: path}
	return nil
}

// startTLS is start for the key of withTLS, with TLS.
func (e endpoints) startTLS(key string, handler http.Handler, config *tls.Config, log *slog.Logger) {
	if bound := e[key]; bound != nil {
		bound.secure.Store(config)
		e.start(key, handler, log)
	}
}

// start serves requests to an address with a handler from now on.
func (e endpoints) start(address string, handler http.Handler, log *slog.Logger) {
	bound := e[address]
	if bound == nil {
		return
	}
	bound.handler.Store(&handler)
	if bound.serving {
		return
	}
	bound.serving = true
	current := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*bound.handler.Load()).ServeHTTP(w, r)
	})
	bound.server = endpoint.NewServer(current, endpoint.DefaultLimits, log.With("address", address))
	go func() {
		if err := bound.serve(); !errors.Is(err, http.ErrServerClosed) {
			log.Error("endpoint failed", "address", address, "err", err)
		}
	}()
}

// serve serves the listener until it is closed.
func (b *boundEndpoint) serve() error {
	if b.secure.Load() == nil {
		return b.server.Serve(b.listener)
	}
	current := func(*tls.ClientHelloInfo) (*tls.Config, error) { return b.secure.Load(), nil }
	return b.server.ServeTLS(b.listener, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: current})
}

// closeExcept closes the endpoints that others do not share.
func (e endpoints) closeExcept(others endpoints) {
	for address, bound := range e {
		if others[address] == bound {
			continue
		}
		if bound.socket != "" {
			_ = os.Remove(bound.socket)
		}
		if bound.serving {
			_ = bound.server.Close()
		} else {
			_ = bound.listener.Close()
		}
	}
}
