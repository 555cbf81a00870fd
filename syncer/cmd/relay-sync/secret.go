// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// manualFlags are the flags of the manual commands.
type manualFlags struct {
	config, mount, prefix, team, reason string
	adopt, keepNewline                  bool
	file                                string
	// cfg is that of config, if it is set.
	cfg *config.Config
}

func (o *options) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Set, list, delete and undelete secrets by hand",
		Long: `secret manages secrets by hand. It uses the Vault settings of the vault command:
VAULT_ADDR, VAULT_TOKEN or the token stored by "vault login", VAULT_NAMESPACE,
VAULT_CACERT and so on. With --config it uses the Vault settings, mount, prefix and audit
file of the controller's configuration, and its token unless VAULT_TOKEN is set.

The owner of a secret that you write is you, as person/NAME-HASH: the entity that Vault's
identity store has for your login. With --team it is team/TEAM, and every member of the
team may change the secret. secret does not change what Terraform, git, another person or
another team owns, unless you use --adopt.`,
		Example: `  relay-sync secret set deploy-production registry_password
  relay-sync secret list deploy-production`,
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "unknown flag: --as") {
			return errors.New("unknown flag: --as: the owner of a secret is the person that Vault knows by the token, and no other name is accepted" +
				"\nHint: log in as that person, or use --team TEAM to act for a team")
		}
		return err
	})
	c.AddCommand(o.setCommand(), o.listCommand(), o.deleteCommand(), o.secretUndeleteCommand())
	return c
}

func (f *manualFlags) common(c *cobra.Command) {
	c.Flags().StringVarP(&f.config, "config", "c", "", "path of the controller's configuration file (default: settings from the environment)")
	locationFlags(c, &f.mount, &f.prefix)
}

func (f *manualFlags) changing(c *cobra.Command) {
	f.common(c)
	completeFirst(c, workflowNames)
	c.Flags().StringVar(&f.team, "team", "", "act for this team, which then owns the secret")
}

// oneSecret accepts WORKFLOW NAME and WORKFLOW/NAME.
func oneSecret(_ *cobra.Command, args []string) error {
	if _, _, err := secretOf(args); err != nil {
		return err
	}
	return nil
}

// secretOf is the workflow and the name in the arguments.
func secretOf(args []string) (workflow, name string, err error) {
	switch {
	case len(args) == 2:
		return args[0], args[1], nil
	case len(args) == 1 && strings.Contains(args[0], "/"):
		workflow, name, _ = strings.Cut(args[0], "/")
		return workflow, name, nil
	}
	return "", "", fmt.Errorf("expected one secret, as WORKFLOW/NAME or WORKFLOW NAME, received %d arguments", len(args))
}

// change runs one change of one secret in its own session and prints the result.
func (o *options) change(c *cobra.Command, f *manualFlags, args []string, change func(*manual.Session, secrets.Address) (report.Result, error)) error {
	settings, err := o.manualSettings(c, f)
	if err != nil {
		return err
	}
	defer settings.Audit.Close()
	workflow, name, err := secretOf(args)
	if err != nil {
		return err
	}
	a, err := settings.Address(workflow, name)
	if err != nil {
		return err
	}
	session, err := manual.Open(c.Context(), settings)
	if err != nil {
		return err
	}
	defer o.endSession(session)
	result, err := change(session, a)
	if err == nil {
		err = result.Err
	}
	if err != nil {
		return withHint(err, c, f, a)
	}
	if f.cfg != nil {
		o.changed(c.Context(), f.cfg)
	}
	return o.writeChange(session.Owner(), result, f.again("undelete", f.giving(secrets.QuoteShell(a.String()))...))
}

// withHint adds what a person can do about a secret that another owner has.
func withHint(err error, c *cobra.Command, f *manualFlags, a secrets.Address) error {
	switch {
	case !errors.Is(err, secrets.ErrNotOwner):
		return err
	case c.Name() == "delete":
		return fmt.Errorf("%w\nHint: to delete it although you do not own it: %s", err, f.again("delete", f.adopting(a)...))
	}
	return fmt.Errorf("%w\nHint: to take it over: %s", err, f.again("set", f.adopting(a)...))
}

// adopting are the last arguments of a command that adopts a secret.
func (f *manualFlags) adopting(a secrets.Address) []string {
	return f.giving(secrets.QuoteShell(a.String()), "--adopt")
}

// giving adds the reason that a command requires, if this one was given none.
func (f *manualFlags) giving(arguments ...string) []string {
	if f.reason == "" {
		arguments = append(arguments, "--reason ...")
	}
	return arguments
}

// again is a command line of secret with the flags of this one.
func (f *manualFlags) again(command string, arguments ...string) string {
	words := []string{"relay-sync", "secret", command}
	for _, flag := range []struct{ name, value, unset string }{
		{"--config", f.config, ""}, {"--mount", f.mount, secrets.DefaultMount}, {"--prefix", f.prefix, secrets.DefaultPrefix},
		{"--team", f.team, ""}, {"--from-file", f.file, ""}, {"--reason", f.reason, ""},
	} {
		if flag.value != flag.unset && (flag.name != "--from-file" || command == "set") {
			words = append(words, flag.name, secrets.QuoteShell(flag.value))
		}
	}
	if f.keepNewline && command == "set" {
		words = append(words, "--keep-newline")
	}
	return strings.Join(append(words, arguments...), " ")
}

func (o *options) endSession(session interface{ Close(context.Context) error }) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := session.Close(ctx); err != nil {
		o.warn(err.Error())
	}
}

// manualSettings returns the settings of the environment, or with --config those of the
// configuration, with its audit file open.
func (o *options) manualSettings(c *cobra.Command, f *manualFlags) (manual.Settings, error) {
	env := o.environment
	s := manual.Settings{
		Vault: env.VaultSettings(), Mount: strings.Trim(f.mount, "/"), Prefix: strings.Trim(f.prefix, "/"), Team: f.team, Reason: f.reason,
		Warn: o.warn,
	}
	if c.Flags().Changed("team") && f.team == "" {
		return s, errors.New("--team must be the name of a team")
	}
	if err := errors.Join(secrets.CheckPath("mount", s.Mount), secrets.CheckPrefix(s.Prefix)); err != nil {
		return s, err
	}
	s.Vault.UserAgent = "relay-sync/" + build.Version
	if f.config == "" {
		s.Vault.RedirectSetting = "vault.redirect_hosts in a configuration, and use --config"
		s.Vault.HTTPSetting = "vault.allow_http (in a configuration, with --config)"
		return s, manual.EnvironmentProblems(s.Vault).Err()
	}
	cfg, err := config.Read(f.config)
	if err != nil {
		return s, err
	}
	f.cfg = cfg
	s.Vault = env.ReplaceCredentials(cfg.Vault.Settings(s.Vault.UserAgent))
	s.Settle, s.MaxValueBytes = cfg.Vault.Settle, cfg.Vault.MaxValueBytes
	if !c.Flags().Changed("mount") {
		s.Mount = cfg.Vault.Mount
	}
	if !c.Flags().Changed("prefix") {
		s.Prefix = cfg.Vault.Prefix
	}
	if c.Flags().Lookup("reason") == nil { // list changes nothing
		s.Records = recordsOf(cfg, s.Warn)
		return s, nil
	}
	s.Audit, err = o.openAudit(cfg)
	return s, err
}

// recordsOf are the owners of a controller, and the keys of their records. A person may
// have the configuration and not the keys.
func recordsOf(cfg *config.Config, warn func(string)) manual.Records {
	out := manual.Records{Required: cfg.Records == config.AuthenticRecords}
	var err error
	if out.Keys, err = cfg.FingerprintKeys(); err != nil {
		warn(fmt.Sprintf("the MAC of records is not checked: %v", err))
	}
	for _, source := range cfg.Sources {
		if owner, err := secrets.GitOpsOwner(cfg.Controller, source.Name); err == nil {
			out.Owners = append(out.Owners, owner)
		}
	}
	return out
}
