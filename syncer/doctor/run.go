// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Doctor checks one configuration, which config.ReadAny has read.
type Doctor struct {
	Config *config.Config
	// Version is that of the program, for Vault's log.
	Version string
	// Each receives each check as soon as it was made. Required.
	Each func(report.Check)
}

// Invalid is the check of a configuration that could not be read.
func Invalid(err error) report.Check { return failed("configuration", err, "") }

// Run makes all checks and returns them in order.
func (d Doctor) Run(ctx context.Context) []report.Check {
	l := &list{each: d.Each}
	if len(d.Config.Sources) == 0 { // of relay-sync web alone
		l.add(ok("configuration", "valid for relay-sync web; it has no sources"))
		d.web(ctx, l, d.server(ctx, l))
		return l.all
	}
	l.add(ok("configuration", "valid"))
	up := d.daemon(ctx, l)
	if d.Config.Web != nil {
		d.web(ctx, l, up)
	}
	return l.all
}

// daemon checks what the daemon needs, and reports whether Vault is up.
func (d Doctor) daemon(ctx context.Context, l *list) (vaultUp bool) {
	l.add(d.files()...)
	if _, err := gitcommand.Find(ctx); err != nil {
		l.add(failed("git", err, "install git 2.31 or later"))
	} else {
		l.add(ok("git", "found, and not too old"))
	}
	vaultUp = d.server(ctx, l)
	d.sources(ctx, l, d.vault(ctx, l, vaultUp))
	d.addresses(ctx, l)
	return vaultUp
}

// repository checks of a source what needs no Vault.
func repository(ctx context.Context, controller *syncer.Controller, source string) report.Check {
	name := "source " + source
	commit, err := controller.Commit(ctx, source)
	if err != nil {
		return failed(name, err, "")
	}
	return skipped(name, "only the repository was checked, because of Vault: the source is at "+commit, "")
}

// userAgent is that of relay-sync.
func (d Doctor) userAgent() string { return "relay-sync/" + d.Version }

// sources plans each source: it fetches, verifies, decrypts, observes Vault, and writes
// nothing.
func (d Doctor) sources(ctx context.Context, l *list, vaultReady bool) {
	var names []string
	for _, s := range d.Config.Sources {
		if s.Suspend {
			l.add(ok("source "+s.Name, "suspended"))
			continue
		}
		names = append(names, s.Name)
	}
	controller := syncer.New(d.Config, d.Version)
	defer func() { _ = controller.Close(context.WithoutCancel(ctx)) }() // the token expires
	if !vaultReady {
		for _, name := range names {
			l.add(repository(ctx, controller, name))
		}
		return
	}
	for _, name := range names {
		reports, err := controller.Sync(ctx, syncer.Request{Sources: []string{name}})
		if err != nil {
			l.add(failed("source "+name, err, ""))
			continue
		}
		for _, r := range reports {
			l.add(ofSource(r)...)
		}
	}
}
