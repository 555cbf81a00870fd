// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// openController reads the configuration and makes its controller. The caller ends it.
func (o *options) openController() (cfg *config.Config, controller *syncer.Controller, end func(), err error) {
	if cfg, err = config.Read(o.config); err != nil {
		return nil, nil, nil, err
	}
	controller = o.newController(cfg)
	return cfg, controller, func() { o.closeController(controller) }, nil
}

// openChanging is openController for a command that changes Vault: with the audit file.
func (o *options) openChanging() (*config.Config, *syncer.Controller, func(), error) {
	cfg, controller, end, err := o.openController()
	if err != nil {
		return nil, nil, nil, err
	}
	if controller.Audit, err = o.openAudit(cfg); err != nil {
		return nil, nil, nil, err
	}
	return cfg, controller, func() {
		_ = controller.Audit.Close() // each line is on disk
		end()
	}, nil
}

func (o *options) newController(cfg *config.Config) *syncer.Controller {
	controller := syncer.New(cfg, build.Version)
	controller.Warn = o.warn
	controller.Waits = o.waits()
	return controller
}

// closeController revokes the token of a login, also after a signal.
func (o *options) closeController(controller *syncer.Controller) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := controller.Close(ctx); err != nil {
		o.warn(err.Error())
	}
}

// openAudit opens the audit file of a command that prints to standard output: lines for
// standard output go to standard error.
func (o *options) openAudit(cfg *config.Config) (*syncer.Audit, error) {
	return syncer.OpenAudit(cfg.Audit, whoami(), auditfile.Streams{Out: o.stderr, Err: o.stderr})
}

// whoami returns the user name of this process, for the audit file.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}
