// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// manualFlags are the flags of the manual commands.
type manualFlags struct {
	config, mount, prefix, as, reason string
	adopt, keepNewline                bool
	file                              string
}

func (o *options) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Set, list and delete secrets by hand",
		Long: `secret manages secrets by hand. It uses the Vault settings of the vault command:
VAULT_ADDR, VAULT_TOKEN or the token stored by "vault login", VAULT_NAMESPACE,
VAULT_CACERT and so on. With --config it uses the Vault settings, mount, prefix and audit
file of the controller's configuration, and its token unless VAULT_TOKEN is set.

The owner of a secret that you write is person/NAME, where NAME is the display name of
your token in Vault, such as userpass-ada. secret does not change what Terraform, git or
another person owns, unless you use --adopt.`,
	}
	c.AddCommand(o.setCommand(), o.listCommand(), o.deleteCommand())
	return c
}

func (f *manualFlags) common(c *cobra.Command) {
	c.Flags().StringVarP(&f.config, "config", "c", "", "path of the controller's configuration file (default: settings from the environment)")
	locationFlags(c, &f.mount, &f.prefix)
}

func (f *manualFlags) changing(c *cobra.Command) {
	f.common(c)
	c.Flags().StringVar(&f.as, "as", "", "your name in the record, if the display name of the token does not identify you")
	c.Flags().StringVar(&f.reason, "reason", "", "reason for the audit file")
}

func (o *options) setCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "set WORKFLOW NAME",
		Short: "Create or update a secret",
		Long: `set prompts for the value without showing it, or reads it from standard input, or with
--from-file from a file. The value is never an argument, because the process list and
the shell history show arguments. set removes one newline at the end of standard input,
which echo and most commands add; --keep-newline keeps it. set writes every byte of a
file.

  relay-sync secret set deploy-production registry_password
  pass show registry | relay-sync secret set deploy-production registry_password
  relay-sync secret set deploy-production tls_key --from-file tls.pem`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 2 {
				return errors.New("too many arguments: must be WORKFLOW and NAME; a value is never an argument, because the process list and the shell history show it. Hint: if you gave a value, change it")
			}
			return cobra.ExactArgs(2)(nil, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return o.set(c, f, args[0], args[1]) },
	}
	f.changing(c)
	c.Flags().StringVar(&f.file, "from-file", "", "read the value from this file")
	c.Flags().BoolVar(&f.keepNewline, "keep-newline", false, "keep the newline at the end of standard input")
	c.Flags().BoolVar(&f.adopt, "adopt", false, "take over a secret that another owner has or that is unmanaged")
	return c
}

func (o *options) listCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "list WORKFLOW",
		Short: "List the secrets of a workflow: names, versions, owners, drift",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := o.manualSettings(c, f)
			if err != nil {
				return err
			}
			listing, err := manual.List(c.Context(), settings, args[0])
			if err != nil {
				return err
			}
			return o.writeListing(listing)
		},
	}
	f.common(c)
	return c
}

func (o *options) deleteCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "delete WORKFLOW NAME",
		Short: "Soft-delete a secret that you own; an administrator can undelete it",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return o.manual(c, f, func(s *manual.Session) (report.Result, error) {
				a, err := s.Address(args[0], args[1])
				if err != nil {
					return report.Result{}, err
				}
				return s.Delete(c.Context(), a), nil
			})
		},
	}
	f.changing(c)
	return c
}

func (o *options) set(c *cobra.Command, f *manualFlags, workflow, name string) error {
	return o.manual(c, f, func(s *manual.Session) (report.Result, error) {
		a, err := s.Address(workflow, name)
		if err != nil {
			return report.Result{}, err
		}
		observed, err := s.Observe(c.Context(), a, f.adopt)
		if err != nil {
			return report.Result{}, err
		}
		in := manual.Input{File: f.file, Stdin: os.Stdin, KeepNewline: f.keepNewline, MaxBytes: s.MaxValueBytes}
		if term.IsTerminal(int(os.Stdin.Fd())) {
			in.Prompt = func(label string) (string, error) { return o.prompt(c.Context(), label) }
		}
		value, err := in.Read(a)
		if err != nil {
			return report.Result{}, err
		}
		return s.Set(c.Context(), a, observed, value, f.adopt), nil
	})
}

// manual runs one change in its own session and prints the result.
func (o *options) manual(c *cobra.Command, f *manualFlags, change func(*manual.Session) (report.Result, error)) error {
	settings, err := o.manualSettings(c, f)
	if err != nil {
		return err
	}
	defer settings.Audit.Close()
	session, err := manual.Open(c.Context(), settings)
	if err != nil {
		return err
	}
	defer o.endSession(session)
	result, err := change(session)
	if err == nil {
		err = result.Err
	}
	if err != nil {
		return withHint(err, c)
	}
	return o.writeChange(session.Owner(), result)
}

// withHint adds what a person can do about a secret that another owner has.
func withHint(err error, c *cobra.Command) error {
	switch {
	case !errors.Is(err, secrets.ErrNotOwner):
		return err
	case c.Flags().Lookup("adopt") != nil:
		return fmt.Errorf("%w\nHint: use --adopt to take it over", err)
	}
	return fmt.Errorf("%w\nHint: take it over first with relay-sync secret set --adopt, which writes a new value", err)
}

func (o *options) endSession(session *manual.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := session.Close(ctx); err != nil {
		fmt.Fprintln(o.stderr, "warning: "+err.Error())
	}
}

// manualSettings returns the settings of the environment, or with --config those of the
// configuration, with its audit file open.
func (o *options) manualSettings(c *cobra.Command, f *manualFlags) (manual.Settings, error) {
	env := takeEnvironment()
	s := manual.Settings{
		Vault: env.VaultSettings(), Mount: strings.Trim(f.mount, "/"), Prefix: strings.Trim(f.prefix, "/"), As: f.as, Reason: f.reason,
		Warn: func(text string) { fmt.Fprintln(o.stderr, "warning: "+text) },
	}
	s.Vault.UserAgent = "relay-sync/" + version
	if f.config == "" {
		s.Vault.RedirectSetting = "vault.redirect_hosts in a configuration, and use --config"
		return s, manual.EnvironmentProblems(s.Vault).Err()
	}
	cfg, err := config.Read(f.config)
	if err != nil {
		return s, err
	}
	s.Vault = env.ReplaceCredentials(cfg.Vault.Settings(s.Vault.UserAgent))
	s.Settle, s.MaxValueBytes = cfg.Vault.Settle, cfg.Vault.MaxValueBytes
	if !c.Flags().Changed("mount") {
		s.Mount = cfg.Vault.Mount
	}
	if !c.Flags().Changed("prefix") {
		s.Prefix = cfg.Vault.Prefix
	}
	if c.Flags().Lookup("reason") != nil { // list changes nothing
		s.Audit, err = syncer.OpenAudit(cfg.Audit, whoami())
	}
	return s, err
}

// takeEnvironment returns Vault's variables and removes them from the environment,
// because the client library of Vault would read them again.
func takeEnvironment() manual.Environment {
	taken := map[string]string{}
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			taken[name] = value
			_ = os.Unsetenv(name) // never fails for a name of Environ
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // then there is no token file either
	}
	return manual.Environment{Get: func(name string) string { return taken[name] }, Home: home}
}

// prompt reads a line from the terminal without echo. It restores the terminal also
// after a signal.
func (o *options) prompt(ctx context.Context, label string) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("prompt for the value: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	answered := make(chan answer, 1)
	fmt.Fprint(o.stderr, label)
	go func() {
		text, err := term.ReadPassword(fd)
		answered <- answer{text, err}
	}()
	defer fmt.Fprintln(o.stderr)
	select {
	case <-ctx.Done():
		return "", errors.Join(errors.New("canceled: nothing was written"), term.Restore(fd, before))
	case a := <-answered:
		if a.err != nil {
			return "", fmt.Errorf("prompt for the value: %w", a.err)
		}
		return string(a.text), nil
	}
}
