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
)

// handFlags are the flags of the commands for people.
type handFlags struct {
	config, mount, prefix, as, reason string
	adopt, keepNewline                bool
	file                              string
}

func (o *options) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Write secrets by hand: set, list, delete",
		Long: `secret is for a person at a terminal. It reaches Vault as Vault's own command line
does: VAULT_ADDR, VAULT_TOKEN or what "vault login" left, VAULT_NAMESPACE, VAULT_CACERT
and so on. With --config it takes address, place and audit file from the controller's
configuration, and the token from there too unless VAULT_TOKEN has one.

What is written belongs to person/NAME, NAME being what Vault calls the token's holder,
such as userpass-ada. What Terraform, git or another person holds is left alone.`,
	}
	c.AddCommand(o.setCommand(), o.listCommand(), o.deleteCommand())
	return c
}

func (f *handFlags) common(c *cobra.Command) {
	c.Flags().StringVarP(&f.config, "config", "c", "", "the controller's configuration file, in place of the environment")
	placeFlags(c, &f.mount, &f.prefix)
}

func (f *handFlags) changing(c *cobra.Command) {
	f.common(c)
	c.Flags().StringVar(&f.as, "as", "", "who you are, where Vault's name for you does not say so")
	c.Flags().StringVar(&f.reason, "reason", "", "why, for the audit file")
}

func (o *options) setCommand() *cobra.Command {
	f := &handFlags{}
	c := &cobra.Command{
		Use:   "set WORKFLOW NAME",
		Short: "Create or overwrite a secret",
		Long: `set asks for the value without showing it, or reads it from standard input, or with
--from-file from a file. It is never an argument: the process list and the shell's
history show those. One newline at the end of standard input is left out, since echo
and most commands add it; --keep-newline keeps it. A file is taken as it is.

  relay-sync secret set deploy-production registry_password
  pass show registry | relay-sync secret set deploy-production registry_password
  relay-sync secret set deploy-production tls_key --from-file tls.pem`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 2 {
				return errors.New("expected WORKFLOW and NAME only: a value is never an argument, because the process list and the shell's history show it; consider that one known if it was among them")
			}
			return cobra.ExactArgs(2)(nil, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return o.set(c, f, args[0], args[1]) },
	}
	f.changing(c)
	c.Flags().StringVar(&f.file, "from-file", "", "the file that holds the value, every byte of it")
	c.Flags().BoolVar(&f.keepNewline, "keep-newline", false, "keep the newline at the end of standard input")
	c.Flags().BoolVar(&f.adopt, "adopt", false, "take over what another owner holds or nobody recorded")
	return c
}

func (o *options) listCommand() *cobra.Command {
	f := &handFlags{}
	c := &cobra.Command{
		Use:   "list WORKFLOW",
		Short: "List the secrets of a workflow: names, versions, owners, drift",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := o.handSettings(c, f)
			if err != nil {
				return err
			}
			rows, err := manual.List(c.Context(), settings, args[0])
			if err != nil {
				return err
			}
			return o.writeRows(args[0], rows)
		},
	}
	f.common(c)
	return c
}

func (o *options) deleteCommand() *cobra.Command {
	f := &handFlags{}
	c := &cobra.Command{
		Use:   "delete WORKFLOW NAME",
		Short: "Delete a secret that you hold, softly: an administrator can undelete it",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return o.byHand(c, f, func(s *manual.Session) (syncer.Result, error) {
				a, err := s.Address(args[0], args[1])
				if err != nil {
					return syncer.Result{}, err
				}
				return s.Delete(c.Context(), a), nil
			})
		},
	}
	f.changing(c)
	return c
}

func (o *options) set(c *cobra.Command, f *handFlags, workflow, name string) error {
	return o.byHand(c, f, func(s *manual.Session) (syncer.Result, error) {
		a, err := s.Address(workflow, name)
		if err != nil {
			return syncer.Result{}, err
		}
		observed, err := s.Observe(c.Context(), a, f.adopt)
		if err != nil {
			return syncer.Result{}, err
		}
		in := manual.Input{File: f.file, Stdin: os.Stdin, KeepNewline: f.keepNewline, MaxBytes: s.MaxValueBytes}
		if term.IsTerminal(int(os.Stdin.Fd())) {
			in.Prompt = func(label string) (string, error) { return o.prompt(c.Context(), label) }
		}
		value, err := in.Read(a)
		if err != nil {
			return syncer.Result{}, err
		}
		return s.Set(c.Context(), a, observed, value, f.adopt), nil
	})
}

// byHand runs one change in a session of its own and says what came of it.
func (o *options) byHand(c *cobra.Command, f *handFlags, change func(*manual.Session) (syncer.Result, error)) error {
	settings, err := o.handSettings(c, f)
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
		return withAdvice(err, c)
	}
	return o.writeChange(session.Owner(), result)
}

// withAdvice adds what a person can do here about a secret of somebody else.
func withAdvice(err error, c *cobra.Command) error {
	switch {
	case !errors.Is(err, secrets.ErrNotOwner):
		return err
	case c.Flags().Lookup("adopt") != nil:
		return fmt.Errorf("%w (with --adopt)", err)
	}
	return fmt.Errorf("%w (relay-sync secret set --adopt, which writes a new value)", err)
}

func (o *options) endSession(session *manual.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := session.Close(ctx); err != nil {
		fmt.Fprintln(o.stderr, "warning: "+err.Error())
	}
}

// handSettings are the person's own, or those of the configuration that is named. The
// audit file is open then.
func (o *options) handSettings(c *cobra.Command, f *handFlags) (manual.Settings, error) {
	env := takeEnvironment()
	s := manual.Settings{
		Vault: env.VaultSettings(), Mount: strings.Trim(f.mount, "/"), Prefix: strings.Trim(f.prefix, "/"), As: f.as, Reason: f.reason,
		Warn: func(text string) { fmt.Fprintln(o.stderr, "warning: "+text) },
	}
	s.Vault.UserAgent = "relay-sync/" + version
	if f.config == "" {
		return s, nil
	}
	cfg, err := config.Read(f.config)
	if err != nil {
		return s, err
	}
	s.Vault = env.ReplaceCredentials(cfg.Vault.Connection(s.Vault.UserAgent))
	s.Settle, s.MaxValueBytes = cfg.Vault.Settle, cfg.Vault.MaxValueBytes
	if !c.Flags().Changed("mount") {
		s.Mount = cfg.Vault.Mount
	}
	if !c.Flags().Changed("prefix") {
		s.Prefix = cfg.Vault.Prefix
	}
	if c.Flags().Lookup("reason") != nil { // what only looks is not written down
		s.Audit, err = syncer.OpenAudit(cfg.Audit, whoami())
	}
	return s, err
}

// takeEnvironment takes Vault's variables out of the environment: the library for
// Vault's API would read them once more by itself.
func takeEnvironment() manual.Environment {
	taken := map[string]string{}
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			taken[name] = value
			_ = os.Unsetenv(name) // fails for no name that Environ gives
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no home, no token in it
	}
	return manual.Environment{Get: func(name string) string { return taken[name] }, Home: home}
}

// prompt asks at the terminal without showing the answer. The terminal is put right
// again also where somebody stops it.
func (o *options) prompt(ctx context.Context, label string) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("asking for the value: %w", err)
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
		return "", errors.Join(errors.New("stopped: nothing was written"), term.Restore(fd, before))
	case a := <-answered:
		if a.err != nil {
			return "", fmt.Errorf("asking for the value: %w", a.err)
		}
		return string(a.text), nil
	}
}
