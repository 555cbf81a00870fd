// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) setCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "set WORKFLOW NAME",
		Short: "Create or update a secret",
		Long: `set prompts for the value without showing it, or reads it from standard input, or with
--from-file from a file. The value is never an argument, because the process list and
the shell history show arguments. set removes one newline at the end of standard input,
which echo and most commands add; --keep-newline keeps it. set writes every byte of a
file.`,
		Example: `  relay-sync secret set deploy-production registry_password
  pass show registry | relay-sync secret set deploy-production registry_password
  relay-sync secret set deploy-production tls_key --from-file tls.pem
  relay-sync secret set deploy-production registry_password --team shop`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 2 || len(args) == 2 && len(args[0]) > 0 && hasName(args[0]) {
				return errors.New("too many arguments: must be WORKFLOW and NAME; a value is never an argument, because the process list and the shell history show it. Hint: if you gave a value, change it")
			}
			return oneSecret(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return o.set(c, f, args) },
	}
	f.changing(c)
	c.Flags().StringVar(&f.file, "from-file", "", "read the value from this file")
	c.Flags().BoolVar(&f.keepNewline, "keep-newline", false, "keep the newline at the end of standard input")
	c.Flags().BoolVar(&f.adopt, "adopt", false, "take over a secret that another owner has or that is unmanaged")
	reasonFlag(c, &f.reason, "adopt")
	return c
}

// hasName reports whether an argument is a whole secret, so that a second one could only
// be a value.
func hasName(argument string) bool {
	_, err := secrets.ParseAddress(secrets.Scope{Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix}, argument)
	return err == nil
}

func (o *options) set(c *cobra.Command, f *manualFlags, args []string) error {
	return o.change(c, f, args, func(s *manual.Session, a secrets.Address) (report.Result, error) {
		observed, err := s.Observe(c.Context(), a, f.adopt)
		if err != nil {
			return report.Result{}, err
		}
		in := manual.Input{File: f.file, Stdin: os.Stdin, KeepNewline: f.keepNewline, MaxBytes: s.MaxValueBytes}
		if term.IsTerminal(int(os.Stdin.Fd())) {
			in.Prompt = func(label string) (string, error) { return o.prompt(c.Context(), label) }
			in.Drop = dropTyped
		}
		value, err := in.Read(a)
		if err != nil {
			return report.Result{}, err
		}
		return s.Set(c.Context(), a, observed, value, f.adopt), nil
	})
}

func (o *options) deleteCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "delete WORKFLOW NAME",
		Short: "Soft-delete a secret that you own",
		Long: `delete soft-deletes the current version of a secret that you own, or with --team that your
team owns. It deletes the version that it observed and no newer one. secret undelete
restores it. With --adopt, delete also deletes a secret of another owner, such as a person
who has left, and prints whose it was; only that owner or an administrator can undelete
it.`,
		Example: `  relay-sync secret delete deploy-production registry_password
  relay-sync secret delete deploy-production registry_password --adopt --reason 'ada left'`,
		Args: oneSecret,
		RunE: func(c *cobra.Command, args []string) error {
			return o.change(c, f, args, func(s *manual.Session, a secrets.Address) (report.Result, error) {
				return s.Delete(c.Context(), a, f.adopt), nil
			})
		},
	}
	f.changing(c)
	c.Flags().BoolVar(&f.adopt, "adopt", false, "also delete a secret that another owner has or that is unmanaged")
	reasonFlag(c, &f.reason, "adopt")
	return c
}

func (o *options) secretUndeleteCommand() *cobra.Command {
	f := &manualFlags{}
	c := &cobra.Command{
		Use:   "undelete WORKFLOW NAME",
		Short: "Restore a secret that you deleted",
		Long: `undelete restores the version of a secret that you or another writer soft-deleted, if you
wrote it and it was neither written nor destroyed since. With --team it restores a secret
of your team. relay-sync undelete restores what a sync deleted.

The token needs an additional permission (relay-sync policy operator --undelete):
  path "MOUNT/undelete/PREFIX/+/+" { capabilities = ["update"] }`,
		Example: `  relay-sync secret list --deleted
  relay-sync secret undelete deploy-production registry_password --reason 'still in use'`,
		Args: oneSecret,
		RunE: func(c *cobra.Command, args []string) error {
			return o.change(c, f, args, func(s *manual.Session, a secrets.Address) (report.Result, error) {
				return s.Undelete(c.Context(), a), nil
			})
		},
	}
	f.changing(c)
	reasonFlag(c, &f.reason)
	return c
}
