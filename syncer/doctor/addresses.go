// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// daemonTimeout limits the wait for the daemon.
const daemonTimeout = 5 * time.Second

// addresses checks the addresses of the daemon: it answers there, or it could bind them.
func (d Doctor) addresses(ctx context.Context, l *list) {
	cfg := d.Config
	running := false
	if cfg.Socket != "" {
		var check report.Check
		check, running = d.socket(ctx)
		l.add(check)
	}
	if cfg.Listen != "" {
		answers := answersAt(ctx, daemon.Settings{Listen: cfg.Listen})
		l.add(ofAddress("listen", cfg.Listen, "the daemon", bind(ctx, cfg.Listen), answers || running))
	}
	if cfg.ListenWebhooks != "" {
		l.add(ofAddress("listen_webhooks", cfg.ListenWebhooks, "the daemon", bind(ctx, cfg.ListenWebhooks), running))
	}
	if access := cfg.RemoteAccess; access != nil {
		l.add(ofAddress("remote_access", access.Listen, "the daemon", bind(ctx, access.Listen), running))
		l.add(certificate("remote_access", access.CertFile, access.KeyFile, "", "at the next connection the daemon reads the files again", time.Now()))
	}
}

// socket checks the socket, and reports whether a daemon answers there.
func (d Doctor) socket(ctx context.Context) (report.Check, bool) {
	const name = "socket"
	path := d.Config.Socket
	if answersAt(ctx, daemon.Settings{Socket: path}) {
		return ok(name, "the daemon answers at "+conffile.Display(path)), true
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket && access(path) != nil {
		return bad(name, "permission denied at "+conffile.Display(path), "run the command as the user of the daemon, or set socket_mode"), false
	}
	if checks := writable(name, filepath.Join(filepath.Dir(path), "any")); len(checks) > 0 {
		checks[0].Name = name
		return checks[0], false
	}
	return ok(name, "no daemon runs; it can create "+conffile.Display(path)), false
}

func answersAt(ctx context.Context, at daemon.Settings) bool {
	ctx, cancel := context.WithTimeout(ctx, daemonTimeout)
	defer cancel()
	client, err := daemon.New(at)
	if err != nil {
		return false
	}
	_, err = client.Status(ctx)
	return err == nil
}

// bind tries whether an address is free.
func bind(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		err = listener.Close()
	}
	return err
}

// ofAddress is the check of an address of a program: bound is the error of binding it, and
// running means that the program is. Pure.
func ofAddress(name, address, program string, bound error, running bool) report.Check {
	used := errors.Is(bound, syscall.EADDRINUSE)
	switch {
	case used && running:
		return ok(name, program+" uses "+address)
	case used:
		return bad(name, "another program uses "+address, "stop it, or set another address")
	case errors.Is(bound, os.ErrPermission):
		return bad(name, "permission denied to use "+address, "use a port above 1023")
	case bound != nil:
		return bad(name, address+" cannot be used on this machine", "use an address of this machine, such as 127.0.0.1, or only a port")
	case running:
		return warn(name, program+" runs, but not at "+address, "reload it: kill -HUP, or systemctl reload relay-sync")
	}
	return ok(name, address+" is free")
}
