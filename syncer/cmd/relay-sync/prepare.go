// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// prepared is a configuration with everything open that the daemon needs for it.
type prepared struct {
	cfg        *config.Config
	controller *syncer.Controller
	audit      *syncer.Audit
	webhooks   http.Handler
	remote     remote
	endpoints  endpoints
}

// remote is what serves remote_access. The zero value is none.
type remote struct {
	address string // the key of withTLS
	handler http.Handler
	tls     *tls.Config
}

// prepareFirst prepares the configuration of a start. A file that only syncs need is
// logged and does not stop the daemon: other sources work without it, and it may appear
// later, such as a token that another service writes.
func (o *options) prepareFirst(ctx context.Context, log *slog.Logger) (*prepared, error) {
	cfg, err := config.Read(o.config)
	if err != nil {
		return nil, err
	}
	for _, p := range cfg.SyncFileProblems() {
		log.Error("a file of the configuration cannot be used; syncs that need it fail until it can", "err", p)
	}
	return o.prepare(ctx, cfg, cfg.HookFileProblems(), nil, log)
}

// prepareNext prepares the configuration of a reload, while current stays in use. All
// files must be usable.
func (o *options) prepareNext(ctx context.Context, current *prepared, log *slog.Logger) (*prepared, error) {
	cfg, err := config.Read(o.config)
	if err != nil {
		return nil, err
	}
	problems := append(cfg.HookFileProblems(), cfg.SyncFileProblems()...)
	return o.prepare(ctx, cfg, problems, current.endpoints, log)
}

func (o *options) prepare(ctx context.Context, cfg *config.Config, problems problem.List, current endpoints, log *slog.Logger) (*prepared, error) {
	if err := problems.Err(); err != nil {
		return nil, err
	}
	p := &prepared{cfg: cfg, controller: syncer.New(cfg, build.Version), endpoints: endpoints{}}
	p.controller.Warn = func(text string) { log.Warn(text) }
	p.controller.Waits = func(a secrets.Address, longest time.Duration) {
		log.Info("waiting for vault.settle", "workflow", a.Group, "secret", a.Name, "longest", longest.String())
	}
	if err := p.open(ctx, current, auditfile.Streams{Out: o.stdout, Err: o.stderr}, log); err != nil {
		p.discard(current)
		return nil, err
	}
	return p, nil
}

func (p *prepared) open(ctx context.Context, current endpoints, streams auditfile.Streams, log *slog.Logger) (err error) {
	if p.audit, err = syncer.OpenAudit(p.cfg.Audit, whoami(), streams); err != nil {
		return err
	}
	p.controller.Audit = p.audit
	if p.webhooks, err = p.controller.OpenHooks(); err != nil {
		return err
	}
	if err = p.endpoints.bind(ctx, current, "listen", p.cfg.Listen); err != nil {
		return err
	}
	if err = p.endpoints.bind(ctx, current, "listen_webhooks", p.cfg.ListenWebhooks); err != nil {
		return err
	}
	if err = p.openRemote(ctx, current, log); err != nil {
		return err
	}
	return p.endpoints.bindSocket(ctx, current, p.cfg.Socket, p.cfg.SocketPermissions())
}

// openRemote reads the files of remote_access and binds its address.
func (p *prepared) openRemote(ctx context.Context, current endpoints, log *slog.Logger) (err error) {
	access := p.cfg.RemoteAccess
	if access == nil {
		return nil
	}
	p.remote.address = withTLS(access.Listen)
	if p.remote.handler, err = p.controller.RemoteHandler(log); err != nil {
		return err
	}
	if p.remote.tls, err = endpoint.TLS(access.CertFile, access.KeyFile, log); err != nil {
		return err
	}
	return p.endpoints.bind(ctx, current, "remote_access.listen", p.remote.address)
}

// discard closes what is open for a configuration, except for what another shares.
func (p *prepared) discard(others endpoints) {
	p.endpoints.closeExcept(others)
	if err := p.audit.Close(); err != nil {
		p.controller.Warn(fmt.Sprintf("close the audit file: %v", err))
	}
}
